// What the other scripts stand on: names, what is kept in storage, calls of the server, what is said to the reader.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT, closed, data, open, storage } from './page.mjs';

const HOSTILE = '"><img src=x onerror=alert(1)> $& $1 $` {{7*7}} ${1} \u202e\u0000';

test('a name is 32 hex digits, and each is another', () => {
  const { js } = open();
  const name = js('id()');
  assert.match(name, /^[0-9a-f]{32}$/);
  assert.notEqual(name, js('id()'));
  for (const other of ['', 'A'.repeat(32), `${CHAT}\n`, `${CHAT}0`, '../../etc/passwd']) {
    assert.equal(js('NAME').test(other), false, other);
  }
});

test('each value takes the place of one {}, as it is', () => {
  const fill = open().js('fill');
  assert.equal(fill('{} of {}', 3, 0), '3 of 0');
  assert.equal(fill('{}', HOSTILE), HOSTILE);
  assert.equal(fill('none', 1), 'none');
});

test('what is remembered is there until it is empty', () => {
  const { js, session } = open();
  js('remember')('qa-draft', HOSTILE);
  assert.equal(js('remembered')('qa-draft'), HOSTILE);
  js('remember')('qa-draft', '');
  assert.equal('qa-draft' in session.held, false);
  assert.equal(js('remembered')('qa-draft'), '');
});

test('a window that keeps nothing works all the same', () => {
  const { js } = open({ session: closed, local: closed });
  js('remember')('qa-chat', CHAT);
  assert.equal(js('remembered')('qa-chat'), '');
  assert.match(js('browser'), /^[0-9a-f]{32}$/);
});

test('a browser keeps its name, and takes none that is not one of ours', () => {
  const kept = 'b'.repeat(32);
  assert.equal(open({ local: storage({ 'qa-browser': kept }) }).js('browser'), kept);
  const wrong = open({ local: storage({ 'qa-browser': '../../x' }) });
  assert.match(wrong.js('browser'), /^[0-9a-f]{32}$/);
  assert.equal(wrong.local.held['qa-browser'], wrong.js('browser'));
});

test('a call brings the browser and its language along', async () => {
  const { js, asked } = open({ server: { qa_rename: () => ({ list: '' }) } });
  assert.deepEqual(data(await js('call')('rename', { chat: CHAT, title: HOSTILE })), { list: '' });
  const sent = { browser: js('browser'), language: 'en', chat: CHAT, title: HOSTILE };
  assert.deepEqual(data(asked.at(-1)), ['qa_rename', sent]);
});

test('a call that fails is null and is told, in the words of the error where it has some', async () => {
  const answers = { qa_a: () => ({ error: HOSTILE }), qa_b: () => { throw new Error('network'); }, qa_c: () => null,
    qa_d: () => ({ detail: 'Not Found' }), qa_e: () => 'text' };
  const { js, at } = open({ server: answers });
  for (const name of 'abcde') {
    at('toast').textContent = '';
    assert.equal(await js('call')(name), null);
    assert.equal(at('toast').textContent, name === 'a' ? HOSTILE : 'No answer from the server.');
    assert.equal('innerHTML' in at('toast'), false); // text, never HTML
  }
});

test('what takes too long is null', async () => {
  assert.equal(await open().js('within')(5, new Promise(() => {})), null);
  assert.equal(await open().js('within')(5, Promise.resolve(7)), 7);
});

test('a notice is text with a button that does one thing', () => {
  const { js, at } = open();
  let done = 0;
  js('notice')(HOSTILE, 'Undo', () => { done += 1; });
  const [said, button] = at('notice').children;
  assert.deepEqual([said.textContent, button.textContent, at('notice').hidden], [HOSTILE, 'Undo', false]);
  button.heard.click();
  assert.deepEqual([done, at('notice').hidden, at('notice').children.length], [1, true, 0]);
});

test('a turn is looked for by an escaped name', () => {
  const { js, root } = open();
  root.finds['.turn[data-turn="escaped("] *)"]'] = 'found';
  assert.equal(js('turnBy')('"] *'), 'found');
  assert.equal(js('turnBy')(''), null);
});

test('the other tabs are told which chat changed', () => {
  const { js, told } = open();
  js('tell')(['t']);
  js('tell')([], 'd');
  assert.deepEqual(data(told), [{ chat: CHAT, stale: ['t'] }, { chat: 'd', stale: [] }]);
});

