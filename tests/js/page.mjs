// The page's scripts, run as Gradio runs them, over a stand-in for the few things of a browser that they touch.
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { runInContext, createContext } from 'node:vm';

const folder = new URL('../../qa/page/', import.meta.url);
const order = /^_SCRIPTS = "(.*)"/m.exec(readFileSync(new URL('gradio_app.py', folder), 'utf8'))[1].split(' ');
const scripts = order.map((name) => readFileSync(new URL(`${name}.js`, folder), 'utf8')).join('');

export const CHAT = 'c'.repeat(32);

// An element that knows what it holds; what it finds for a selector is put into `finds`: one node, or a list.
export class Element {
  constructor(known = {}) {
    const own = { dataset: {}, style: {}, finds: {}, kept: [], heard: {}, attributes: {}, textContent: '', value: '' };
    Object.assign(this, own);
    const names = new Set();
    this.classList = {
      add: (...all) => all.forEach((name) => names.add(name)),
      remove: (...all) => all.forEach((name) => names.delete(name)),
      toggle: (name, on) => names[on ? 'add' : 'delete'](name),
      contains: (name) => names.has(name),
    };
    Object.assign(this, known);
    this.children.forEach((child) => { child.parent = this; });
  }
  get children() { return this.kept.filter((child) => child instanceof Element); }
  get firstElementChild() { return this.children[0]; }
  get nextElementSibling() { return this.parent && this.parent.children[this.parent.children.indexOf(this) + 1]; }
  get isConnected() { return !this.gone; }
  querySelector(selector) { return [this.finds[selector]].flat()[0] || null; }
  querySelectorAll(selector) { return [this.finds[selector] || []].flat(); }
  append(...nodes) {
    nodes.forEach((node) => {
      if (node.parent) node.parent.kept = node.parent.kept.filter((other) => other !== node);
      if (node instanceof Element) node.parent = this;
      this.kept.push(node);
    });
  }
  replaceChildren(...nodes) { this.kept = []; this.append(...nodes); }
  replaceWith(node) { this.gone = true; this.instead = node; }
  remove() { this.gone = true; }
  before(...nodes) { this.put = nodes; }
  after(...nodes) { this.put = nodes; }
  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(name, act) { this.heard[name] = act; }
  matches() { return false; }
  closest() { return this.turn || this; }
  focus() { this.focused = true; }
  scrollTo() {}
  setSelectionRange() {}
  getBoundingClientRect() { return { top: 0, bottom: 0, height: 0, width: 0, left: 0, right: 0 }; }
}

// `innerHTML` of it may be a node: what the server's HTML would have become.
class Template extends Element {
  set innerHTML(made) { this.content = { firstElementChild: made }; }
}

export const storage = (held = {}) => ({
  held,
  getItem: (key) => held[key] ?? null,
  setItem: (key, value) => { held[key] = String(value); },
  removeItem: (key) => { delete held[key]; },
});
const shut = () => { throw new Error('SecurityError'); };
export const closed = { getItem: shut, setItem: shut, removeItem: shut }; // as in a private window

// The page at an address. `server` answers its calls by name: `asked` has all of them, in order.
export const open = ({ search = '', server = {}, session = storage(), local = storage() } = {}) => {
  const asked = [];
  const gone = [];
  const told = [];
  const triggered = [];
  const copied = [];
  const made = { template: Template };
  const go = (how) => (state, _, to) => {
    gone.push({ how, state, to });
    location.search = to.includes('?') ? to.slice(to.indexOf('?')) : '';
    history.state = state;
  };
  const location = { pathname: '/', search, href: 'http://127.0.0.1:7860/' };
  const history = { state: null, pushState: go('push'), replaceState: go('replace') };
  const document = new Element({ createElement: (tag) => new (made[tag] || Element)({ tag }), body: new Element(),
    documentElement: new Element() });
  class Observer { observe() {} }
  class Channel extends Element { postMessage(sent) { told.push(sent); } }
  const world = createContext({
    element: new Element(), props: {}, watch: () => {}, upload: () => {}, document, location, history,
    trigger: (name, sent) => triggered.push([name, sent]),
    server: new Proxy({}, { get: (_, name) => async (sent) => {
      asked.push([name, sent]);
      return name in server ? server[name](sent) : new Promise(() => {});
    } }),
    sessionStorage: session, localStorage: local,
    navigator: { language: 'en-GB', clipboard: { writeText: async (text) => copied.push(text) } },
    crypto: webcrypto, URL, URLSearchParams, MutationObserver: Observer, ResizeObserver: Observer,
    BroadcastChannel: Channel, CSS: { escape: (text) => `escaped(${text})` }, addEventListener: () => {},
    matchMedia: () => ({ matches: false }), requestAnimationFrame: (act) => act(),
    // what waits less than a call may take goes on at once
    setTimeout: (act, ms) => (ms < 8000 ? setImmediate(act) : 0), clearTimeout: () => {},
  });
  const js = (source) => runInContext(source, world);
  js(scripts);
  const root = js('root');
  const there = 'toast question notice welcome turns scroll title chats export find-chat cards count reader back';
  for (const name of [...there.split(' '), 'right-title', 'shade']) root.finds[`#${name}`] = new Element();
  root.finds['.send[type=submit]'] = new Element();
  root.finds['.stop'] = new Element();
  js(`chat = '${CHAT}'; words = { offline: 'No answer from the server.', too_long: '{} characters at most, not {}.',
    lost: 'The server is gone.', crowded: 'Many ask.', went_wrong: 'It failed.', copied: 'Copied.', cited: 'Citation copied.',
    set_by: 'The version before has {}.' }`);
  return { js, root, asked, gone, told, triggered, copied, session, local, at: (id) => root.finds[`#${id}`] };
};

// Values of the page's own world are of another realm: compared as data.
export const data = (value) => JSON.parse(JSON.stringify(value));
export const settled = () => new Promise((ready) => setTimeout(ready, 20));
