// Node's require, not import: the packages lie in .tools/node_modules (NODE_PATH, set by scripts/test), not above this file.
const js = require("@eslint/js");
const globals = require("globals");

module.exports = [
  js.configs.recommended,
  {
    languageOptions: {
      sourceType: "script",
      globals: { ...globals.browser, htmx: "readonly", SignaturePad: "readonly" }, // the last two: static/vendor
    },
  },
];
