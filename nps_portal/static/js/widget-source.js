// The survey in a window on another website. Sets no cookie, loads nothing but the texts, and works
// where the site forbids inline scripts and styles; docs/other-doors.md says how to use it.
(() => {
  const script = document.currentScript;
  if (!script || !("adoptedStyleSheets" in Document.prototype)) return;
  const given = script.dataset;
  const name = given.survey || "default";
  const door = new URL(`w/${encodeURIComponent(name)}`, script.src).href;
  const memory = `nps-portal:${name}`;
  const forced = "force" in given;
  const DAY = 864e5;
  let texts, host, before;

  const number = (text, otherwise) => (text === undefined || isNaN(text) ? otherwise : Number(text));

  // Who cannot be remembered would be asked on every page, so they are not asked at all.
  function isDue() {
    try {
      return !(Number(localStorage.getItem(memory)) > Date.now());
    } catch {
      return false;
    }
  }

  function restFor(days) {
    try {
      if (!forced) localStorage.setItem(memory, Date.now() + days * DAY);
    } catch {
      // Storage may be full; being asked once more is the lesser harm.
    }
  }

  async function load() {
    const wanted = given.language || document.documentElement.lang || navigator.language || "";
    const answer = await fetch(`${door}/texts.json?lang=${encodeURIComponent(wanted)}`, { credentials: "omit" });
    if (!answer.ok) throw new Error(`NPS Portal: ${answer.status} for the survey “${name}”`);
    texts = await answer.json();
  }

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key in element && typeof value !== "string") element[key] = value;
      else element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  }

  function look() {
    const colours = ({ fill, on_fill }) => `--a:${fill};--o:${on_fill};`;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
      :host{all:initial}
      *{box-sizing:border-box;margin:0}
      section{${colours(texts.colours.light)}--g:#fff;--i:#1a2033;--m:#566077;--e:#8590a8;--c:#f6f8fc;--f:#b3261e;
        position:fixed;z-index:2147483647;inset-block-end:16px;inset-inline-end:16px;inline-size:min(448px,calc(100vw - 32px));
        max-block-size:calc(100vh - 32px);overflow:auto;padding:20px;border:1px solid var(--e);border-radius:14px;
        background:var(--g);color:var(--i);font:16px/1.45 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;
        overflow-wrap:anywhere;box-shadow:0 12px 40px rgb(0 0 0/.22);color-scheme:light}
      [hidden]{display:none!important}
      fieldset{min-inline-size:0;border:0;padding:0}
      legend,h2{display:block;inline-size:100%;padding:0;padding-inline-end:36px;font-size:18px;font-weight:700;line-height:1.3}
      .s{display:grid;grid-template-columns:repeat(6,1fr);gap:6px;margin-block:14px 6px}
      .s label{position:relative}
      .s input{position:absolute;inset:0;inline-size:100%;block-size:100%;opacity:0;cursor:pointer}
      .s span{display:grid;place-items:center;min-block-size:46px;border:1.5px solid var(--e);border-radius:9px;background:var(--c);font-weight:650}
      .s input:hover+span{border-color:var(--a)}
      .s input:checked+span{background:var(--a);border-color:var(--a);color:var(--o)}
      .n{display:flex;justify-content:space-between;gap:16px;color:var(--m);font-size:13px}
      .q{display:block;margin-block:16px 6px;font-weight:650}
      textarea{display:block;inline-size:100%;min-block-size:88px;padding:10px 12px;border:1.5px solid var(--e);border-radius:9px;background:var(--c);color:inherit;font:inherit;resize:vertical}
      .b{display:flex;flex-wrap:wrap;gap:8px;margin-block-start:16px}
      button{min-block-size:46px;padding:8px 20px;border:1.5px solid transparent;border-radius:9px;background:none;color:inherit;font:inherit;font-weight:650;cursor:pointer}
      .p{flex:1 1 auto;background:var(--a);color:var(--o)}
      .l{color:var(--m)}
      .x{position:absolute;inset-block-start:6px;inset-inline-end:6px;inline-size:44px;min-block-size:44px;padding:0;font-size:22px;line-height:1;color:var(--m)}
      .f{margin-block-start:12px;color:var(--f);font-weight:600}
      .t{margin-block:10px 4px;white-space:pre-line}
      section:focus{outline:none}
      .s input:focus-visible+span,button:focus-visible,textarea:focus-visible{outline:3px solid var(--a);outline-offset:2px}
      @media (max-width:400px){section{inset-inline:4px;inset-block-end:4px;inline-size:auto;padding:16px 11px}.s{gap:4px}}
      @media (prefers-color-scheme:dark){section{${colours(texts.colours.dark)}--g:#14171e;--i:#eef0f6;--m:#abb3c5;--e:#737e96;--c:#1d212b;--f:#ffb4ab;color-scheme:dark}}
      @media (prefers-reduced-motion:no-preference){section{animation:r .25s ease-out}@keyframes r{from{opacity:0;transform:translateY(12px)}}}
      @media (forced-colors:active){.s input:checked+span{forced-color-adjust:none;background:Highlight;color:HighlightText}}`);
    return sheet;
  }

  function close(days) {
    restFor(days);
    host.remove();
    removeEventListener("keydown", onKey);
    before?.focus?.();
  }

  function onKey(event) {
    const here = document.activeElement;
    if (event.key === "Escape" && (here === host || here === document.body)) close(texts.days);
  }

  async function post(body) {
    const options = { method: "POST", credentials: "omit", keepalive: true, headers: { "Content-Type": "application/json" } };
    const answer = await fetch(door, { ...options, body: JSON.stringify({ ...body, nonce: texts.nonce }) });
    return answer.ok ? (await answer.json()).taken === body.key : answer.status === 403 && null;
  }

  async function send(body) {
    const taken = await post(body);
    if (taken !== null) return taken;
    // The window stood open for more than a day.
    await load();
    return post(body);
  }

  function form(section) {
    const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const scores = make("div", { class: "s" });
    const question = make("label", { class: "q", for: "c" }, texts.comments.general);
    const comment = make("textarea", { id: "c", dir: "auto", maxLength: texts.comment_length });
    const more = make("div", { hidden: true }, question, comment);
    const fault = make("p", { class: "f", role: "alert", hidden: true });
    const button = make("button", { class: "p" }, texts.button);
    const later = make("button", { class: "l", type: "button", onclick: () => close(7) }, texts.later);
    const kind = (score) => (score > 8 ? "promoter" : score > 6 ? "passive" : "detractor");
    let score = null;
    for (let one = 0; one <= 10; one += 1) {
      const described = one === 0 ? { "aria-describedby": "lo" } : one === 10 ? { "aria-describedby": "hi" } : {};
      const radio = make("input", { type: "radio", name: "score", value: String(one), ...described });
      radio.onchange = () => {
        score = one;
        question.textContent = texts.comments[kind(one)];
        more.hidden = false;
        fault.hidden = true;
      };
      scores.append(make("label", {}, radio, make("span", {}, String(one))));
    }
    const anchors = make("div", { class: "n" }, make("span", { id: "lo" }, texts.low_anchor), make("span", { id: "hi" }, texts.high_anchor));
    const fields = make("fieldset", {}, make("legend", { id: "h" }, texts.question), scores, anchors);
    const whole = make("form", { noValidate: true }, fields, more, fault, make("div", { class: "b" }, button, later));
    const complain = (words) => {
      fault.textContent = words;
      fault.hidden = false;
    };
    whole.onsubmit = async (event) => {
      event.preventDefault();
      if (score === null) return complain(texts.no_score);
      button.disabled = true;
      const { email, name: person, seal } = given;
      const taken = await send({ key, score, comment: comment.value, language: texts.language, email, name: person, seal }).catch(() => false);
      button.disabled = false;
      if (!taken) return complain(texts.busy);
      restFor(texts.days);
      const { title, text } = texts.thanks[kind(score)];
      whole.replaceWith(make("h2", { id: "h" }, title), make("p", { class: "t" }, text));
      section.focus();
    };
    return whole;
  }

  function show() {
    // Nobody is interrupted while they type.
    if (!document.body || document.hidden || document.activeElement?.matches?.("input,textarea,select,[contenteditable]")) return setTimeout(show, 1000);
    if (document.querySelector("[data-nps-portal]")) return;
    before = document.activeElement;
    host = make("div", { "data-nps-portal": name });
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [look()];
    const section = make("section", { role: "dialog", "aria-labelledby": "h", tabindex: "-1", lang: texts.language, dir: texts.direction });
    const cross = make("button", { class: "x", type: "button", "aria-label": texts.close, title: texts.close, onclick: () => close(texts.days) }, "×");
    section.append(form(section), cross);
    root.append(section);
    document.body.append(host);
    addEventListener("keydown", onKey);
    restFor(1);
    section.focus({ preventScroll: true });
  }

  async function begin() {
    if (!forced && !isDue()) return;
    await load();
    show();
  }

  if (!forced && (!isDue() || Math.random() * 100 >= number(given.sample, 100))) return;
  setTimeout(() => begin().catch((fault) => console.warn(fault.message)), 1000 * (forced ? 0 : number(given.delay, 20)));
})();
