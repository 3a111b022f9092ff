// The versions of a question, editing one, and which of an answer's sentences are pinned.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT, Element, data, open } from './page.mjs';

test('another version is asked for by its number, and not while an answer is written', async () => {
  const { js, asked } = open({ server: { qa_switch: () => ({}), qa_sync: () => null } });
  asked.length = 0;
  await js('showVersion')('t', 2);
  const [[name, { chat, turn, number }], [next]] = data(asked);
  assert.deepEqual([name, chat, turn, number, next], ['qa_switch', CHAT, 't', 2, 'qa_sync']);
  asked.length = 0;
  js('live = { run: "r" }');
  await js('showVersion')('t', 1);
  assert.equal(asked.length, 0);
});

test('what an edit set aside can be had again: the version before', () => {
  const { js, root, at, asked } = open();
  const pager = new Element({ dataset: { now: '3' } });
  root.finds['.turn[data-turn="escaped(t)"]'] = new Element({ finds: { '.pager': pager } });
  js('words.undo_it = "Undo"');
  js('offerVersion')({ turn: 't' });
  const [said, button] = at('notice').children;
  assert.deepEqual([said.textContent, button.textContent], ['The version before has 2.', 'Undo']);
  button.heard.click();
  assert.deepEqual([asked.at(-1)[0], asked.at(-1)[1].number], ['qa_switch', 2]);
});

test('an edit says how many turns it sets aside', () => {
  const cuts = (turns, at) => {
    const { js, root } = open();
    const all = Array.from({ length: turns }, () => new Element());
    const finds = { textarea: new Element(), '.edit-cuts': new Element() };
    all[at].finds = { '.asked': new Element(), '.asked-words': new Element({ textContent: '<b>Who?</b>' }) };
    root.finds['#turns > .turn'] = all;
    root.finds['#edit-turn'] = { innerHTML: new Element({ finds }) };
    js("words.edit_cuts = '{} turns'; words.edit_cuts_one = 'one turn'; words.no_sources = ''");
    js('openEdit')(all[at]);
    assert.equal(finds.textarea.value, '<b>Who?</b>');
    return finds['.edit-cuts'].textContent;
  };
  assert.deepEqual([cuts(1, 0), cuts(2, 0), cuts(4, 1)], ['', 'one turn', '2 turns']);
});

test('an edit that is empty or too long is not sent', () => {
  const { js, triggered } = open();
  js('limit = 4');
  for (const value of ['   ', 'Who is it?']) {
    js('sendEdit')(new Element({ finds: { textarea: new Element({ value }) } }));
  }
  assert.equal(triggered.length, 0);
});

test('a sentence is pinned by its turn and its very words', () => {
  const { js, root } = open();
  const pin = (turn, value) => new Element({ value, turn: { dataset: { turn } } });
  root.finds['#brief-count'] = new Element();
  root.finds['#turns .pin'] = [pin('t', 'Said "so", [he] did.'), pin('u', 'Said "so", [he] did.'), pin('t', 'Other.')];
  js('pinsCame')({ pinned: [['t', 'Said "so", [he] did.']] });
  assert.equal(root.finds['#brief-count'].textContent, 1);
  assert.deepEqual(root.finds['#turns .pin'].map((one) => one.attributes['aria-pressed']), ['true', 'false', 'false']);
});

test('only filters that are set are sent, and each is shown as text', () => {
  const { js, root, at } = open();
  const field = (name, value, text) => new Element({ name, value, selectedOptions: text && [{ textContent: text }] });
  const fields = [field('since', '2025-01-02'), field('until', ''), field('source', 'A&B', '<i>A&B</i>')];
  root.finds['#filters [name]'] = fields;
  fields.forEach((one) => { root.finds[`#filters [name=${one.name}]`] = one; });
  root.finds['#chips'] = new Element();
  js("words.since = 'from'");
  js('setFilters')();
  assert.deepEqual(data(js('filters')), { since: '2025-01-02', source: 'A&B' });
  assert.deepEqual(at('chips').children.map((chip) => chip.textContent), ['from 2025-01-02 ×', '<i>A&B</i> ×']);
});
