// Asking and what comes back: what can be asked, the parts of a stream, what becomes of a question that is not taken.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT, Element, data, open, settled } from './page.mjs';

const turn = (id, claims, stage, known = {}) => {
  const said = new Element({ kept: claims.map((textContent) => new Element({ textContent })) });
  const finds = { '.said': said, '.stage': new Element({ textContent: stage }) };
  return new Element({ dataset: { turn: id }, finds, said, ...known });
};
const texts = (said) => said.kept.map((part) => (part instanceof Element ? part.textContent : part));
const waitFor = (page, run) => {
  page.js(`live = ${JSON.stringify({ run, turn: null, question: 'Who?', instead: null, cut: false })}`);
};

test('a question has a character at least and the limit at most, by code points', () => {
  const { js, at } = open();
  js('limit = 5');
  assert.deepEqual(['', 'Who?', '¿Qué?', '😀😀😀😀😀'].map(js('fits')), [false, true, true, true]);
  assert.equal(at('toast').textContent, '');
  assert.equal(js('fits')('😀😀😀😀😀😀'), false);
  assert.equal(at('toast').textContent, '5 characters at most, not 6.');
});

test('of a growing answer only what is new is put in', () => {
  const { js } = open();
  const old = turn('t', ['One.', 'Two.'], 'Writing');
  const first = [...old.said.kept];
  js('grow')(old, turn('t', ['One again.', 'Two again.', '<b>Three.</b>', 'Four.'], 'Writing'));
  assert.deepEqual(texts(old.said), ['One.', 'Two.', '<b>Three.</b>', ' ', 'Four.', ' ']);
  assert.deepEqual(old.said.kept.slice(0, 2), first);
  assert.deepEqual(old.said.children.map((part) => part.classList.contains('fresh')), [false, false, true, true]);
  assert.equal(old.finds['.stage'].gone, undefined); // the same words: left alone
  js('grow')(old, turn('t', [], 'Checking'));
  assert.equal(old.finds['.stage'].instead.textContent, 'Checking');
  assert.equal(texts(old.said).length, 6);
});

test('the first part takes the place of what waits, the next ones grow', () => {
  const page = open();
  const { js, root, gone } = page;
  waitFor(page, 'r');
  const waiting = new Element();
  waiting.classList.add('last');
  const shown = turn('t', ['One.'], 'Writing');
  root.finds['#waiting'] = waiting;
  js('arrived')({ run: 'r', turn: 't', html: shown, told: 'The file was damaged.' });
  assert.equal(waiting.instead, shown);
  assert.ok(shown.classList.contains('last')); // it stays where it is
  assert.deepEqual([js('live.turn'), page.at('toast').textContent], ['t', 'The file was damaged.']);
  assert.equal(gone.at(-1).how, 'replace');
  delete root.finds['#waiting'];
  root.finds['.turn[data-turn="escaped(t)"]'] = shown;
  js('arrived')({ run: 'r', turn: 't', html: turn('t', ['One.', 'Two.'], 'Writing') });
  assert.deepEqual(texts(shown.said), ['One.', 'Two.', ' ']);
});

test('what comes for another question, or for none, is left alone', () => {
  const page = open();
  page.root.finds['#waiting'] = new Element();
  for (const got of [null, {}, { run: 'r', turn: 't', html: turn('t', [], '') }]) page.js('arrived')(got);
  waitFor(page, 'r');
  page.js('arrived')({ run: 'other', turn: 't', error: 'No.' });
  assert.equal(page.root.finds['#waiting'].gone, undefined);
  assert.equal(page.js('live.turn'), null);
});

test('a question that was not taken is in the box again, with the reason', () => {
  const page = open();
  waitFor(page, 'r');
  page.root.finds['#waiting'] = new Element();
  page.root.finds['.turn'] = new Element();
  page.js('arrived')({ run: 'r', error: '<b>No.</b>' });
  assert.equal(page.js('live'), null);
  assert.equal(page.root.finds['#waiting'].gone, true);
  assert.equal(page.at('notice').children[0].textContent, '<b>No.</b>');
  assert.equal(page.at('question').value, 'Who?');
  assert.equal(page.session.held[`qa-draft-${CHAT}`], 'Who?');
});

test('a question that is given back stands before the draft', () => {
  const { js, at } = open();
  js('write')('And then?');
  js('giveBack')('Who?');
  assert.equal(at('question').value, 'Who?\nAnd then?');
  js('write')('');
  js('giveBack')('Who?');
  assert.equal(at('question').value, 'Who?');
});

test('the box need not keep a question that the server has', () => {
  const kept = (asked, before) => {
    const { js, at, root, session } = open();
    js('write')('Who? "x"');
    js('remember')('qa-lost', JSON.stringify(before));
    root.finds['.turn .asked-words'] = asked.map((textContent) => new Element({ textContent }));
    js('settle')();
    return [at('question').value, 'qa-lost' in session.held];
  };
  const lost = { chat: CHAT, question: 'Who? "x"' };
  assert.deepEqual(kept(['First?', ' Who? "x" '], lost), ['', false]);
  assert.deepEqual(kept(['Who? "x"', 'Later?'], lost), ['Who? "x"', false]);
  assert.deepEqual(kept(['Who? "x"'], { ...lost, chat: 'd'.repeat(32) }), ['Who? "x"', true]);
});

test('a question is sent once, trimmed, with its filters', () => {
  const { js, root, triggered } = open();
  const waiting = new Element({ finds: { '.question': new Element(), '.stage': new Element() } });
  root.finds['#waiting-turn'] = { innerHTML: waiting };
  js("filters = { source: 'A & B', as_of: '2025-07-26' }; words.searching = 'Searching'");
  assert.equal(js('ask')('  <i>Who?</i> '), true);
  assert.equal(js('ask')('Who else?'), false); // one at a time
  assert.equal(waiting.finds['.question'].textContent, '<i>Who?</i>');
  const [[name, { run, ...sent }]] = data(triggered);
  assert.equal(name, 'asked');
  assert.equal(run, js('live.run'));
  assert.deepEqual(sent, { browser: js('browser'), language: 'en', chat: CHAT, question: '<i>Who?</i>',
    as_of: '2025-07-26', filters: { source: 'A & B', as_of: '2025-07-26' }, instead_of: '', cut: false });
});

test('an answer that another tab asked for is followed to its end, once', async () => {
  const parts = [null, { html: turn('t', ['One.', 'Two.'], ''), done: false },
    { html: turn('t', ['All.'], ''), done: true }];
  let asked = 0;
  const { js, root } = open({ server: { qa_turn: () => parts[asked++] } });
  const old = turn('t', ['One.'], '');
  root.finds['.turn[data-turn="escaped(t)"]'] = old;
  await Promise.all([js('follow')('t'), js('follow')('t')]);
  assert.equal(asked, 3);
  assert.deepEqual(texts(old.said), ['One.', 'Two.', ' ']);
  assert.deepEqual(texts(old.instead.said), ['All.']);
});

test('an answer that no server tells of is left after four tries', async () => {
  const { js, root, asked } = open({ server: { qa_turn: () => null } });
  root.finds['.turn[data-turn="escaped(t)"]'] = turn('t', [], '');
  await js('follow')('t');
  assert.equal(asked.filter(([name]) => name === 'qa_turn').length, 4);
  await settled();
});

for (const [full, why] of [[false, 'It failed.'], [true, 'Many ask.']]) {
  test(`a question that the queue did not take is given back; others are ${full ? '' : 'not '}waiting`, async () => {
    const page = open({ server: { qa_pulse: () => ({ server: 's', running: false, full }) } });
    page.root.finds['#waiting'] = new Element();
    page.root.finds['.turn'] = new Element();
    waitFor(page, 'r');
    await page.js('notTaken')();
    assert.deepEqual([page.js('live'), page.at('notice').children[0].textContent], [null, why]);
    assert.equal(page.at('question').value, 'Who?');
  });
}

test('a question of which a server with room says nothing is given back after a while', async () => {
  const page = open({ server: { qa_pulse: () => ({ server: 's', running: false, full: false }) } });
  page.root.finds['#waiting'] = new Element();
  page.root.finds['.turn'] = new Element();
  page.js("started = 's'");
  waitFor(page, 'r');
  await page.js('watchServer(live)');
  await settled();
  assert.deepEqual([page.js('live'), page.at('question').value], [null, 'Who?']);
});

test('a question that waits among many is waited for, and can be given up', async () => {
  let looked = 0;
  const server = { qa_pulse: () => ({ server: 's', running: false, full: (looked += 1) < 40 }) };
  const page = open({ server });
  page.root.finds['#waiting'] = new Element();
  page.root.finds['.turn'] = new Element();
  page.js("started = 's'");
  waitFor(page, 'r');
  await page.js('watchServer(live)');
  assert.ok(looked > 40);
  await settled();
  waitFor(page, 'again');
  await page.js('stop')();
  assert.equal(page.js('live'), null);
  assert.equal(page.asked.some(([name]) => name === 'qa_stop'), false);
});

test('an answer that comes after its question was given up is drawn', async () => {
  const page = open();
  page.js('arrived')({ run: 'old', chat: CHAT, turn: 't', done: true, html: '' });
  page.js('arrived')({ run: 'old', chat: 'another', turn: 't', done: true, html: '' });
  assert.deepEqual(data(page.asked).filter(([name]) => name === 'qa_sync').length, 1);
});
