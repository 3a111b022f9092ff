// The chats: their list, the one that is open, and keeping it as the server and the other tabs have it.
const showChat = (got) => {
  chat = got.chat;
  current = null;
  live = null;
  remember('qa-chat', chat);
  notice('');
  busy(false);
  $('#turns').innerHTML = got.turns;
  $('#welcome').innerHTML = got.welcome;
  listChats(got);
  closeReader();
  if (got.told) toast(got.told);
  const box = $('#question');
  box.value = remembered(`qa-draft-${chat}`);
  size();
  const turns = $$('.turn');
  if (turns.length) {
    $('#scroll').scrollTop = $('#scroll').scrollHeight;
    showCards(turns[turns.length - 1]);
  } else {
    emptyCards();
    suggest();
  }
  if (got.taken) offerRestore();
  settle();
  resume(got.running);
};
const resume = (running) => { // answers that were under way when the page was loaded; the last of them can be stopped
  running.forEach((turn, n) => {
    if (n === running.length - 1) {
      live = { run: id(), turn, question: $('.asked-words', turnBy(turn)).textContent };
      busy(true);
      watchServer(live);
    }
    follow(turn);
  });
};
const listChats = (got) => {
  if (!$('#find-chat').value.trim()) $('#chats').innerHTML = got.list;
  $('#find-chat').closest('label').hidden = !$('#find-chat').value && $$('#chats .chat-row').length < 2;
  $('#title').textContent = got.title || words.new_chat;
  document.title = `${got.title || words.new_chat} · qa`;
  $('#export').disabled = !$('.turn');
};
const findChats = async () => {
  const of = chat;
  const got = await call('list_chats', { chat, search: $('#find-chat').value });
  if (got && of === chat) {
    $('#chats').innerHTML = got.list;
    $('#title').textContent = got.title || words.new_chat;
  }
};
const openChat = async (name, quiet) => {
  openChat.wanted = name;
  const got = await call('open_chat', { chat: name });
  if (!got || openChat.wanted !== name) return; // another was clicked since
  showChat(got);
  if (quiet) return;
  go();
  closePanels();
  $('#question').focus();
};
const renameChat = async (button) => {
  const title = await named(words.rename_to, $('.chat-open', button.closest('li')).textContent.trim(), words.save);
  if (!title || !await call('rename', { chat: button.dataset.rename, title })) return;
  tell([], button.dataset.rename);
  findChats();
};
const deleteChat = async (gone) => {
  if (!await named(words.delete_sure, null, words.delete)) return;
  if (!await call('delete', { chat: gone, current: chat })) return;
  remember(`qa-draft-${gone}`, '');
  tell([], gone);
  if (gone === chat) await openChat(id());
  findChats();
};

// What the server has of this chat takes its place among what is shown; what stands there already is left alone.
const sync = async (stale = []) => {
  const of = chat;
  const have = $$('.turn[data-turn]').filter((t) => !t.classList.contains('live')).map((t) => t.dataset.turn);
  const got = await call('sync', { chat, have: have.filter((turn) => !stale.includes(turn)) });
  if (!got || of !== chat) return;
  const box = $('#turns');
  const waiting = $('#waiting');
  if (waiting && !live) waiting.remove();
  $$('.turn[data-turn]').forEach((turn) => { if (!got.order.includes(turn.dataset.turn)) turn.remove(); });
  got.order.forEach((turn, at) => {
    const old = turnBy(turn);
    const fresh = got.html[turn] && !(old && live && live.turn === turn);
    const node = fresh ? fragment(got.html[turn]).firstElementChild : old;
    if (fresh && old) {
      keepPlace(old, node);
      old.replaceWith(node);
    }
    if (box.children[at] !== node) box.insertBefore(node, box.children[at] || null);
  });
  listChats(got);
  got.taken ? offerRestore() : notice('');
  got.running.filter((turn) => !live || live.turn !== turn).forEach(follow);
  if (got.order.length) {
    $('#welcome').replaceChildren();
    inView(true);
  } else {
    emptyCards();
    suggest();
  }
  settle();
};
const keepPlace = (old, made) => {
  ['last', 'lifted'].forEach((name) => made.classList.toggle(name, old.classList.contains(name)));
};
if (tabs) {
  tabs.addEventListener('message', ({ data }) => {
    if (!root.dataset.ready) return;
    if (data.chat === chat) sync(data.stale);
    else findChats();
  });
}
const follow = async (turn) => { // an answer that is written for another tab, or was when the page was loaded
  if (follow.on.has(turn)) return;
  follow.on.add(turn);
  for (let missed = 0; missed < 4;) {
    await pause(500);
    const old = turnBy(turn);
    const got = await send('turn', { chat, turn }, PATIENCE);
    if (!old || !old.isConnected) break;
    if (!got || !got.html) { missed += 1; continue; }
    if (!got.done) { grow(old, got.html); continue; }
    const made = fragment(got.html).firstElementChild;
    keepPlace(old, made);
    old.replaceWith(made);
    if (live && live.turn === turn) {
      live = null;
      busy(false);
    }
    inView(true);
    break;
  }
  follow.on.delete(turn);
};
follow.on = new Set();
const suggest = async () => {
  for (let tries = 0; tries < 40 && !$('.turn'); tries += 1) {
    const got = await call('suggestions');
    if (!got) return;
    if (got.ready) {
      if (!$('.turn')) $('#welcome').innerHTML = got.html;
      return;
    }
    await pause(400);
  }
};
