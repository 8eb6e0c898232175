"""What every procedure does the same way, in rooms; each builds on those before it:

who -> record -> homes -> work -> papers -> accounts
"""
