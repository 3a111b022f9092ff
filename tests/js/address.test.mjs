// The page's addresses: ?chat= opens a chat, ?q= asks, ?article= and &p= open an article.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHAT, Element, data, open, settled, storage } from './page.mjs';

const HOSTILE = ['a&b=c#d.txt', '"><script>alert(1)</script>', '100 % + ?/\\', 'añadido ¿qué?.txt', '../../passwd'];
const OTHER = 'd'.repeat(32);

test('whatever is put into an address comes out of it', () => {
  for (const text of HOSTILE) {
    const { js } = open();
    const to = js('address')({ chat: CHAT, article: text, q: text, p: 3 });
    assert.match(to, /^\/\?[\w.&=%+*-]+$/);
    const read = data(open({ search: to.slice(1) }).js('addressed()'));
    assert.deepEqual(read, { chat: CHAT, article: text, q: text, p: '3' });
  }
});

test('an address keeps what is not ours, and leaves out what is empty', () => {
  const { js } = open({ search: '?__theme=dark&q=old&p=2' });
  assert.equal(js('address')({ chat: CHAT, p: undefined }), `/?__theme=dark&chat=${CHAT}`);
  assert.equal(open({ search: '?q=old' }).js('address')({}), '/');
});

test('a chat has an address once it has a turn', () => {
  const { js, root, gone } = open();
  js('go')();
  root.finds['.turn'] = new Element();
  js('go')();
  js('go')();
  js('go')(undefined, { read: { file: 'a.txt' } }, true);
  const state = { chat: CHAT };
  assert.deepEqual(data(gone), [
    { how: 'replace', state, to: '/' },
    { how: 'push', state, to: `/?chat=${CHAT}` },
    { how: 'replace', state, to: `/?chat=${CHAT}` },
    { how: 'replace', state: { ...state, read: { file: 'a.txt' } }, to: `/?chat=${CHAT}` },
  ]);
});

test('Back opens the chat and the article of the address, and no chat whose name is none', async () => {
  const opened = async (search) => {
    const { js, asked } = open({ search });
    asked.length = 0;
    js('goBack')();
    await settled();
    return data(asked).map(([name, { chat, file, p }]) => [name, chat || file, p]);
  };
  assert.deepEqual(await opened(`?chat=${OTHER}`), [['qa_open_chat', OTHER, undefined]]);
  assert.deepEqual(await opened(`?chat=${CHAT}&article=a%26b.txt&p=7`), [['qa_article', 'a&b.txt', 7]]);
  assert.deepEqual(await opened('?article=a.txt&p=x'), [['qa_article', 'a.txt', 1]]);
  assert.deepEqual(await opened('?chat=../../x'), []);
});

test('the page begins with the chat of the address, else the one of before, else a new one', () => {
  const begun = (search, before) => {
    const [[name, sent]] = open({ search, session: storage({ 'qa-chat': before }) }).asked;
    assert.equal(name, 'qa_start');
    return sent.chat;
  };
  assert.equal(begun(`?chat=${CHAT}`, OTHER), CHAT);
  assert.equal(begun('', OTHER), OTHER);
  for (const [search, before] of [['?chat=%22%3E', ''], ['', '../x'], ['?q=Who%3F', OTHER]]) { // ?q= asks in a new chat
    assert.match(begun(search, before), /^[0-9a-f]{32}$/);
    assert.notEqual(begun(search, before), OTHER);
  }
});

test('a citation is copied with a link to its paragraph', async () => {
  for (const file of HOSTILE) {
    const server = { qa_cite: () => ({ text: '“Yes.”', file, paragraph: 4 }) };
    const { js, copied, asked, at } = open({ server });
    await js('cite')(Object.assign(new Element(), { dataset: { turn: 't', mark: '2' } }));
    const [text, link] = copied[0].split('\n');
    const { origin, searchParams } = new URL(link);
    assert.deepEqual([text, origin, ...['chat', 'article', 'p'].map((key) => searchParams.get(key))],
      ['“Yes.”', 'http://127.0.0.1:7860', CHAT, file, '4']);
    assert.deepEqual([asked.at(-1)[1].turn, asked.at(-1)[1].mark], ['t', 2]);
    assert.equal(at('toast').textContent, 'Citation copied.');
  }
});
