/* The desk's own script: scans, function keys, sounds, focus, live pages. No framework, no build step.

   What a page may say, in its markup:
     form[data-done]            F12 submits it
     input[data-finish]         Enter in it while empty submits that form too
     form[data-keep]            asks before a key leads away from what was typed
     input[data-scan]           a scan is typed into this field (an order number), not taken as one of ours
     input[data-scan=keep]      ... and the scan's Enter does not send the form: money is taken by F12
     [data-live="fast"]         polls every 500 ms instead of 2 s (waiting for a card or a scan)
     hx-trigger="live:keys from:body"   renewed when something under that topic changed (`live.bump("keys")`);
                                `live:any` for every change.
                                What is being typed into, pressed or sent is not renewed yet.
     button[data-escape]            Esc presses it when nothing else waits for Esc
     [data-pick="1"]            that key, outside fields, ticks this box or goes to this field
     [data-sound="ok|note|stop"]   makes its sound when it appears      [data-answer="1"]  that key presses it
   Scans go to POST /counter/scan/read (app/screens/counter/scan.py), wherever the focus is. */
(() => {
  "use strict";
  const GAP = 30; // ms between two characters of a scanner; people are slower
  const SHORTEST = 6; // characters of the shortest label
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const words = () => one("#words").dataset;
  const editable = (element) => element?.matches?.("input:not([type=checkbox]):not([type=radio]), textarea, select");

  /* ---- sounds, colours, words ---- */
  let audio = null;
  const TONES = {
    ok: [[880, 0.09]],
    note: [
      [660, 0.09],
      [660, 0.09],
    ],
    stop: [[220, 0.35]],
  };
  function beep(kind) {
    document.body.dataset.sounded = kind;
    if (
      localStorage.getItem("muted") ||
      !window.AudioContext ||
      !TONES[kind] ||
      navigator.userActivation?.hasBeenActive === false
    )
      return;
    audio ??= new AudioContext();
    let at = audio.currentTime;
    for (const [pitch, length] of TONES[kind]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      volume.gain.value = 0.15;
      tone.frequency.value = pitch;
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + length);
      at += length + 0.06;
    }
  }
  const sounds = (root) =>
    all("[data-sound]", root).forEach((element) => {
      beep(element.dataset.sound);
      element.removeAttribute("data-sound");
    });

  function toast(kind, text) {
    const box = document.createElement("div");
    const word = document.createElement("b");
    word.textContent = words()[kind];
    box.className = `toast ${kind}`;
    box.append(word, ` ${text}`);
    one("#toasts").append(box);
    beep(kind);
    if (kind === "ok") setTimeout(() => box.remove(), 6000);
  }

  /* ---- a refusal takes the focus away; scans wait until it is answered ---- */
  let before = null; // what had the focus
  let sent = null; // the form that was answered
  const panel = () => one("#notice [data-blocks]");
  function stop(text) {
    const box = document.createElement("div");
    box.className = "notice stop panel";
    box.tabIndex = -1;
    box.dataset.blocks = "";
    box.innerHTML =
      '<div class="said"><b></b> <span></span></div><div class="answers">' +
      '<button type="button" data-answer="Escape"><kbd>Esc</kbd> <i></i></button></div>';
    one("b", box).textContent = words().stop;
    one("span", box).textContent = text;
    one("i", box).textContent = words().close;
    one("#notice").replaceChildren(box);
    beep("stop");
    takeFocus();
  }
  function takeFocus() {
    if (!panel()) return;
    if (editable(document.activeElement) && !document.activeElement.closest("#notice")) before = document.activeElement;
    panel().focus();
    one("#main").scrollTop = 0;
    const name = panel().dataset.field;
    const named = name ? all(`[name="${CSS.escape(name)}"]`).filter((field) => !field.closest("#notice")) : [];
    const wrong = named.find((field) => field.form === sent) ?? named[0]; // many rows have the same small form
    if (wrong) {
      wrong.setAttribute("aria-invalid", "true");
      before = wrong;
    }
  }
  function release() {
    one("#notice")?.replaceChildren();
    if (before?.isConnected) {
      before.focus();
      before.select?.();
    }
    before = null;
    next();
  }

  /* ---- scans: a burst that ends in Enter is never typing ---- */
  let burst = { text: "", at: 0, field: null };
  let later = null; // an answer key that waits until it is known not to be the start of a scan
  const waiting = [];
  let posting = 0; // forms and scans under way: the next scan, F12 and every renewal wait for their answer
  let scans = 0;
  const snapshot = (field) =>
    editable(field) && field.type !== "select-one"
      ? { field, value: field.value, start: field.selectionStart, end: field.selectionEnd }
      : null;
  function putBack(was) {
    if (!was || !was.field.isConnected) return;
    was.field.value = was.value;
    if (was.start !== null) was.field.setSelectionRange(was.start, was.end);
    was.field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function letter(event) {
    if (event.key.length === 1) return event.key;
    const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code); // a Chinese input method calls it "Process"
    return event.key === "Process" && digit ? digit[1] : "";
  }
  /* True when this key belongs to a scan and nothing else may see it. */
  function listen(event) {
    if (!document.body.dataset.live) return false; // nobody is signed in: a badge is typed into its field
    const quick = event.timeStamp - burst.at < GAP;
    const character = letter(event);
    if (event.key === "Enter" && quick && burst.text.length >= SHORTEST) {
      const { text, was } = burst;
      burst = { text: "", at: 0, was: null };
      if (document.activeElement?.matches?.("[data-scan]")) return document.activeElement.dataset.scan === "keep";
      putBack(was);
      heard(text);
      return true;
    }
    if (character) {
      if (!quick) burst = { text: "", at: 0, was: snapshot(document.activeElement) };
      burst.text += character;
      burst.at = event.timeStamp;
    } else if (event.key !== "Shift") burst = { text: "", at: 0, was: null };
    return false;
  }
  function heard(code) {
    const badge = all("#notice [name=_approver], #dialog[open] [name=badge]").find(
      (field) => field.offsetParent !== null || field.closest("details"),
    );
    if (badge && code.startsWith("40")) {
      badge.closest("details")?.setAttribute("open", "");
      badge.value = code;
      one("[type=password]", badge.closest("form")).focus();
      return;
    }
    waiting.push(code);
    next();
  }
  function next() {
    const line = one("#waiting");
    if (line) line.textContent = waiting.length ? words().waiting.replace("{n}", waiting.length) : "";
    if (!waiting.length || posting || panel() || one("#dialog")?.open || !document.body.dataset.live) return;
    scans += 1;
    const values = { code: waiting.shift(), _key: `${document.body.dataset.key}~${scans}` };
    if (line) line.textContent = waiting.length ? words().waiting.replace("{n}", waiting.length) : "";
    htmx.ajax("POST", "/counter/scan/read", {
      source: "#main",
      target: one("#board") ? "#board" : "#notice",
      swap: "outerHTML",
      values,
    });
  }

  /* ---- function keys and answers ---- */
  const hotkeys = () =>
    new Map(
      all("a", one("#hotkeys")?.content ?? document.createElement("i")).map((link) => [link.dataset.keyName, link]),
    );
  const dirty = () => all("form[data-keep][data-dirty]").length > 0;
  function press(name) {
    const link = hotkeys().get(name);
    if (name === "?") return showKeys();
    if (!link) return false;
    const where = link.getAttribute("href");
    if (where === "#find") {
      one("#box")?.focus();
      one("#box")?.select();
    } else if (where === "#done") finish();
    else if (!dirty() || window.confirm(words().leave)) location.href = where;
    return true;
  }
  function finish() {
    if (posting) return; // pressed twice, it would finish what the answer is about to show
    const forms = all("form[data-done]").filter((form) => form.offsetParent !== null);
    (forms.find((form) => form.contains(document.activeElement)) ?? forms[0])?.requestSubmit();
  }
  function showKeys() {
    const list = document.createElement("div");
    list.className = "pay keys-list";
    for (const [name, link] of hotkeys()) {
      const line = document.createElement("div");
      const key = document.createElement("kbd");
      key.textContent = name;
      line.append(key, ` ${link.textContent}`);
      list.append(line);
    }
    const title = document.createElement("h2");
    title.textContent = words().keys;
    list.prepend(title);
    one("#dialog").replaceChildren(list);
    one("#dialog").showModal();
    return true;
  }
  function answer(name) {
    const root = one("#dialog[open]") ?? panel();
    const button = root && one(`[data-answer="${name}"]`, root);
    if (!button) return false;
    if (button.matches("details")) {
      button.open = true;
      // Who has gone on to another of its fields is not called back.
      if (!button.contains(document.activeElement)) one("input:not([type=hidden])", button).focus();
    } else button.click();
    return true;
  }
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      clearTimeout(later);
      const started = event.timeStamp - burst.at >= GAP;
      if (listen(event)) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      const typing = editable(document.activeElement);
      if (/^F\d+$/.test(event.key)) {
        if (press((event.shiftKey ? "Shift+" : "") + event.key)) event.preventDefault();
      } else if (event.key === "Escape") escape(event);
      else if (/^Arrow(Down|Up)$/.test(event.key) && document.activeElement?.closest(".box")) {
        const places = [one("#box"), ...all("#found a")];
        places
          .at((places.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)) % places.length)
          ?.focus();
        event.preventDefault();
      } else if (
        event.key === "Enter" &&
        document.activeElement?.matches?.("[data-finish]") &&
        !document.activeElement.value
      ) {
        event.preventDefault();
        finish();
      } else if (!typing && started && event.key.length === 1) {
        const name = event.key;
        later = setTimeout(() => {
          if (answer(name) || one("#dialog[open]") || panel()) return;
          const picks = /^[a-z0-9]$/.test(name) && one(`[data-pick="${name}"]`);
          if (picks) {
            picks.focus();
            if (picks.type === "checkbox") picks.click();
          }
          if (name === "?") showKeys();
          if (name === "/") one("#box")?.focus();
        }, GAP * 2); // a label cannot press `1`
        if (name === "/") event.preventDefault();
      }
    },
    true,
  );
  function escape(event) {
    const dialog = one("#dialog[open]");
    if (dialog) {
      event.preventDefault();
      if (!one("[data-dialog=pin], [data-dialog=password]", dialog)) closeDialog();
    } else if (panel()) {
      event.preventDefault();
      release();
    } else if (one("[data-escape]")) {
      event.preventDefault();
      one("[data-escape]").click();
    } else if (document.activeElement?.closest(".box")) {
      one("#found").replaceChildren();
      one("#box").select();
    } else all(".whomenu[open]").forEach((menu) => menu.removeAttribute("open"));
  }
  function closeDialog() {
    one("#dialog").close();
    one("#dialog").replaceChildren();
    next();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-answer=Escape]");
    if (button) {
      if (button.closest("#dialog")) closeDialog();
      else release();
    }
    const key = event.target.closest?.("[data-press]");
    if (key) press(key.dataset.press);
    if (event.target.closest?.("[data-mute]")) {
      if (localStorage.getItem("muted")) localStorage.removeItem("muted");
      else localStorage.setItem("muted", "1");
      toast("note", localStorage.getItem("muted") ? words().muted : words().unmuted);
    }
    event.target.closest?.(".toast")?.remove();
  });
  document.addEventListener("cancel", (event) => event.preventDefault(), true); // dialogs are closed by escape() alone

  /* ---- the list under the box ---- */
  /* Fetched here, since htmx reports a request that Enter leaves behind as an error. */
  let asking;
  document.addEventListener("input", ({ target }) => {
    if (target.id !== "box") return;
    clearTimeout(asking);
    asking = setTimeout(async () => {
      const asked = target.value;
      const url = `${target.form.action}?live=1&q=${encodeURIComponent(asked)}`;
      const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (answer?.ok && target.value === asked) one("#found").innerHTML = await answer.text();
    }, 150);
  });

  /* ---- forms ---- */
  document.addEventListener("input", (event) => {
    event.target.removeAttribute("aria-invalid");
    const form = event.target.form ?? event.target.closest("form"); // a ticked row may lie outside its form
    if (form) form.dataset.dirty = "1";
  });
  document.addEventListener("submit", (event) => {
    // forms without htmx: a second click sends nothing
    const form = event.target;
    if (form.hasAttribute("hx-post") || form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  /* ---- what comes back ---- */
  const on = (name, act) => document.addEventListener(name, act);
  on("desk:notice", (event) =>
    event.detail.kind === "stop" ? stop(event.detail.text) : toast(event.detail.kind, event.detail.text),
  );
  on("desk:unlocked", (event) => {
    closeDialog();
    locked = false;
    htmx.ajax("GET", "/running/today/who", { target: ".who", swap: "innerHTML" });
    document.body.dispatchEvent(new CustomEvent("live:any"));
    toast("ok", event.detail.name);
  });
  on("htmx:configRequest", (event) => {
    const { headers, elt } = event.detail;
    headers["Desk-Swap"] = elt.closest("[hx-swap]")?.getAttribute("hx-swap") ?? "innerHTML";
  });
  on("htmx:beforeSend", ({ detail }) => {
    if (detail.requestConfig.verb === "get") return;
    posting += 1;
    sent = detail.elt;
    detail.xhr.addEventListener("loadend", () => {
      posting -= 1;
      next();
    });
  });
  const renews = (element) => element.matches('[hx-trigger*="live:"]');
  const putOff = new Set(); // topics whose renewal waits; the next poll asks again
  /* A renewal never takes away what is being typed, the button between its press and its click, or the form whose
     answer is on its way (htmx tells nobody about the answer to a form that has left the page). */
  function disturbs({ elt, requestConfig }) {
    if (!renews(elt)) return false;
    const typed =
      one("[data-dirty]", elt) ||
      elt.closest("[data-dirty]") ||
      (elt.contains(document.activeElement) && editable(document.activeElement));
    if (!typed && !posting && !one(":active", elt)) return false;
    if (requestConfig.triggeringEvent) putOff.add(requestConfig.triggeringEvent.type);
    return true;
  }
  on("htmx:beforeRequest", (event) => {
    if (disturbs(event.detail)) event.preventDefault();
  });
  let focused = null;
  let stays = null; // where the focus is while something else is renewed
  on("htmx:beforeSwap", (event) => {
    if (disturbs({ ...event.detail, elt: event.detail.requestConfig.elt })) {
      event.detail.shouldSwap = false;
      return;
    } // somebody began while it was on its way
    const { target } = event.detail;
    const inside = target.contains(document.activeElement);
    focused = inside ? document.activeElement.name || document.activeElement.id : null;
    stays =
      !inside && renews(event.detail.requestConfig.elt) && document.activeElement !== document.body
        ? document.activeElement
        : null;
    if (event.detail.requestConfig.verb === "post" && event.detail.xhr.status < 400 && target.id !== "dialog")
      one("#notice")?.replaceChildren();
  });
  on("htmx:afterSettle", (event) => {
    const target = event.detail.target.id === "board" ? one("#board") : event.detail.target;
    if (!target) return;
    if (target.id === "dialog") {
      if (target.childElementCount && !target.open) target.showModal();
      one("[autofocus]", target)?.focus();
      return;
    }
    if (target.id === "notice" || one("[data-blocks]", target)) takeFocus();
    else if (stays?.isConnected)
      stays.focus(); // htmx goes to every [autofocus] it brings
    else if (document.activeElement === document.body && focused) {
      (one("[autofocus]", target) ?? one(`[name="${CSS.escape(focused)}"], #${CSS.escape(focused)}`, target))?.focus();
    }
    sounds(document);
    next();
  });
  on("htmx:responseError", (event) =>
    stop(event.detail.requestConfig.verb === "post" ? words().unknown : words().offline),
  );
  const silent = (event) => (event.detail.requestConfig.verb === "post" ? stop(words().unknown) : undefined);
  on("htmx:sendError", silent);
  on("htmx:timeout", silent);

  /* ---- live pages: one tiny question every two seconds, none while hidden ---- */
  let version = null;
  let locked = false;
  async function poll() {
    const body = document.body;
    if (!body.dataset.live) return;
    if (!document.hidden && !locked) {
      try {
        const reply = await fetch(`/live?v=${version ?? body.dataset.version}`, { headers: { "HX-Request": "true" } });
        if (reply.status === 200) {
          const news = await reply.json();
          if (news.locked) lock();
          else {
            version = news.v;
            for (const topic of [...news.topics, "any"]) putOff.add(`live:${topic}`);
          }
        }
        body.removeAttribute("data-away");
        const due = [...putOff];
        putOff.clear();
        for (const topic of due) body.dispatchEvent(new CustomEvent(topic));
      } catch {
        body.dataset.away = "1"; // the lamp in the header says it
      }
    }
    setTimeout(poll, one('[data-live="fast"]') ? 500 : 2000);
  }
  function lock() {
    if (locked || one("[data-dialog]")) return;
    locked = true;
    htmx.ajax("GET", "/running/sign_in/pin", { target: "#dialog", swap: "innerHTML" });
  }
  document.addEventListener("DOMContentLoaded", () => {
    one("[autofocus]")?.focus(); // the browser does it a frame later, and what is typed by then would be lost
    sounds(document);
    takeFocus();
    poll();
  });
})();
