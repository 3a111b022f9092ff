// What the other scripts stand on: finding nodes, calling the server, telling the reader, the other tabs.
// Gradio runs all of them as one, with `element`, `server`, `trigger`, `upload`, `watch` and `props` of its gr.HTML.
const EVENTS = ['asked']; // the one event that Gradio listens for: trigger('asked')
const root = document.createElement('div');
root.className = 'qa';
element.replaceChildren(root);
const $ = (selector, from = root) => from.querySelector(selector);
const $$ = (selector, from = root) => [...from.querySelectorAll(selector)];
const NAME = /^[0-9a-f]{32}$/; // of a browser, a chat, a turn
const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, '0')).join('');
const pause = (ms) => new Promise((ready) => setTimeout(ready, ms));
const remember = (key, value) => {
  try { value ? sessionStorage.setItem(key, value) : sessionStorage.removeItem(key); } catch { /* private window */ }
};
const remembered = (key) => { try { return sessionStorage.getItem(key) || ''; } catch { return ''; } };
const browserName = () => {
  try {
    const old = localStorage.getItem('qa-browser') || '';
    if (NAME.test(old)) return old;
    const made = id();
    localStorage.setItem('qa-browser', made);
    return made;
  } catch { return id(); }
};
const language = (navigator.language || 'en').slice(0, 2).toLowerCase();
const browser = browserName();
let chat = '';
let words = {};
let started = ''; // the name that the server gave itself when the page was loaded
let limit = 4000; // characters of a question
let live = null; // {run, turn, question, instead, cut, stash}: the answer that this tab waits for
let current = null; // {turn, mark}: the citation that is open
let filters = {};
let opener = null; // what had the focus before a panel opened

const PATIENCE = 30000; // ms until a call counts as not answered; what a model is asked for takes longer
const SLOW = { translate: 180000, test_model: 60000, add: 120000 };
const within = (ms, work) => Promise.race([work, pause(ms).then(() => null)]);
const send = async (name, sent, ms) => {
  try { return await within(ms, server[`qa_${name}`]({ browser, language, ...sent })); } catch { return null; }
};
const call = async (name, sent = {}) => {
  const got = await send(name, sent, SLOW[name] || PATIENCE);
  if (!got || typeof got !== 'object' || got.detail) { toast(words.offline); return null; }
  if (got.error) { toast(got.error); return null; }
  return got;
};
const toast = (text) => {
  const box = $('#toast') || toast.box;
  if (!box || !text) return;
  toast.box = box; // a dialog that is drawn anew drops it
  const over = $('dialog[open]') || root; // what lies under an open dialog is dimmed, and not told
  if (box.parentElement !== over) over.append(box);
  box.textContent = text;
  box.classList.add('shown');
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => box.classList.remove('shown'), Math.max(4200, 70 * text.length));
};
const notice = (text, button, act) => { // a sentence under the turns that stays until the next question
  const box = $('#notice');
  box.replaceChildren();
  box.hidden = !text;
  if (!text) return;
  const said = document.createElement('span');
  said.textContent = text;
  box.append(said);
  if (!button) return;
  const does = document.createElement('button');
  does.type = 'button';
  does.className = 'plain';
  does.textContent = button;
  does.addEventListener('click', () => {
    notice('');
    act();
  });
  box.append(does);
};
const fragment = (html) => {
  const t = document.createElement('template');
  t.innerHTML = html;
  return t.content;
};
const fill = (text, ...values) => values.reduce((said, value) => said.replace('{}', () => value), text);
const turnOf = (node) => node.closest('.turn');
const turnBy = (turn) => (turn ? $(`.turn[data-turn="${CSS.escape(turn)}"]`) : null);
const copy = async (text) => {
  try { await navigator.clipboard.writeText(text); } catch {
    const box = document.createElement('textarea');
    box.value = text;
    root.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
  }
};

// The other tabs of this browser: which chat changed, and which of its turns are to be drawn anew.
const tabs = typeof BroadcastChannel === 'function' ? new BroadcastChannel(`qa-${browser}`) : null;
const tell = (stale = [], of = chat) => { if (tabs) tabs.postMessage({ chat: of, stale }); };

// Gradio tells of errors, of a full queue and of a lost server in words of its own: they are not shown (look.css), ours
// are.
new MutationObserver((seen) => {
  const raised = seen.flatMap((s) => [...s.addedNodes]).some((n) => n.querySelector && n.querySelector('.toast-body'));
  if (!raised || !live || live.turn) return;
  reach().then((there) => { if (there && live && !live.turn) notTaken(); });
}).observe(document.body, { childList: true, subtree: true });
