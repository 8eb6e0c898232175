"""Keys: internal ones (KEY) and those that owners entrusted (EKEY). One noun, one module per reason to change.

register  the keys, hooks, labels            custody, consent  entrusted keys and what the owner agreed to
lending   out and back                       after             told, sealed, undone
scans     what a scanned label does          counts, schedule  counting the boxes, and when
board     what the page shows                worker            the scanner on the cabinet
"""
