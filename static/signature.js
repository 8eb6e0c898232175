// Signature pads (templates/shared/signature.html): what is drawn goes as a PNG into the pad's hidden field.
"use strict";
(() => {
  const SHARP = 2; // device pixels a CSS pixel at most: a picture of some 20 KB

  function start(box) {
    box.dataset.ready = "1";
    const canvas = box.querySelector("canvas");
    const field = box.querySelector("input[type=hidden]");
    const pad = new SignaturePad(canvas, { minWidth: 0.8, maxWidth: 2.6 });
    const size = () => {
      if (!canvas.offsetWidth) return; // closed
      const ratio = Math.min(Math.max(window.devicePixelRatio || 1, 1), SHARP);
      const drawn = pad.toData();
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      pad.fromData(drawn); // resizing empties a canvas
    };
    new ResizeObserver(size).observe(canvas);
    pad.addEventListener("endStroke", () => {
      field.value = pad.toDataURL("image/png");
      const select = box.dataset.chooses && box.closest("form").elements[box.dataset.chooses];
      if (select) select.value = "pad";
    });
    box.querySelector("[data-clear]").addEventListener("click", () => {
      pad.clear();
      field.value = "";
    });
  }

  const look = (root) => root.querySelectorAll("[data-signature]:not([data-ready])").forEach(start);
  document.addEventListener("DOMContentLoaded", () => look(document));
  document.addEventListener("htmx:load", (event) => look(event.target));
})();
