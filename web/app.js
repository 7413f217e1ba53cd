// The first face of Anlan: plain pages generated from what /api/v1/processes says of a process. No process is known here.
const app = document.getElementById('app');
let language = localStorage.getItem('language') || 'zh';
let me = null;
let stream = null;
let refreshPage = null;

const words = {
  zh: { signIn: '登录', login: '登录名', password: '密码', signOut: '退出', tickets: '工单', mine: '待我办理', all: '全部未关闭', closed: '已关闭',
    alerts: '告警', open: '新建', number: '编号', title: '标题', state: '状态', holder: '负责人', severity: '级别', opened: '登记时间', due: '最近到期',
    none: '这里还没有内容。', noneTickets: '没有符合条件的工单。可点“新建”登记，或等待监控告警自动建单。', more: '更多', actions: '可以做什么', refused: '现在不能做',
    clocks: '时钟', timeline: '经过', fields: '内容', comment: '说明', send: '提交', cancel: '取消', owes: '下一步由', why: '依据', becomes: '将于',
    tasks: '任务', agree: '同意', disagree: '不同意', links: '关联', occurred: '起算', overdue: '已逾期', left: '剩余', doneAt: '完成于', choose: '请选择',
    processes: '流程', notices: '通知', clause: '条款', must: '必填', addRow: '加一行', remove: '删除', draft: '草案', lanes: '中断累计', loading: '正在读取……',
    failed: '没有成功', retry: '重试', say: '发表评论', search: '搜索编号或标题', firstStart: '建立第一位管理员', name: '姓名', reason: '原因', expired: '登录已过期，请重新登录；您填写的内容仍在本页。',
    group: '告警组', active: '持续中', total: '总数', paused: '暂停', withdrawn: '已撤销', yes: '是', no: '否', why_opened: '为何', provisional: '暂定（假日数据未公布）' },
  en: { signIn: 'Sign in', login: 'Login', password: 'Password', signOut: 'Sign out', tickets: 'Tickets', mine: 'Awaited from me', all: 'All open', closed: 'Closed',
    alerts: 'Alerts', open: 'New', number: 'Number', title: 'Title', state: 'State', holder: 'Accountable', severity: 'Level', opened: 'Registered', due: 'Next due',
    none: 'Nothing here yet.', noneTickets: 'No ticket fits. Register one with “New”, or let monitoring open it.', more: 'More', actions: 'What you can do', refused: 'Not open now',
    clocks: 'Clocks', timeline: 'What happened', fields: 'Content', comment: 'Comment', send: 'Submit', cancel: 'Cancel', owes: 'Next act owed by', why: 'Why', becomes: 'becomes',
    tasks: 'Tasks', agree: 'Agree', disagree: 'Disagree', links: 'Links', occurred: 'Runs from', overdue: 'overdue', left: 'left', doneAt: 'done', choose: 'Choose',
    processes: 'Processes', notices: 'Notices', clause: 'Clause', must: 'required', addRow: 'Add a row', remove: 'Remove', draft: 'draft', lanes: 'Interrupted time', loading: 'Loading …',
    failed: 'That did not work', retry: 'Try again', say: 'Comment', search: 'Search number or title', firstStart: 'Create the first administrator', name: 'Name', reason: 'Reason', expired: 'Your session has expired. Sign in again; what you typed is still here.',
    group: 'Group', active: 'Active', total: 'Total', paused: 'paused', withdrawn: 'withdrawn', yes: 'yes', no: 'no', why_opened: 'Why', provisional: 'provisional (holidays not published yet)' },
};
const t = (key) => words[language][key] || key;
const text = (pair, fallback = '') => (pair && (pair[language] || pair.zh || pair.en)) || fallback;

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}

async function call(method, path, body, headers = {}) {
  const response = await fetch(path, {
    method, credentials: 'same-origin',
    headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const data = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw Object.assign(new Error((data && (data.detail || data.title)) || response.statusText), { status: response.status, problem: data });
  return data;
}

const when = (iso) => {
  if (!iso) return '—';
  const d = new Date(iso);
  return el('time', { datetime: iso, title: iso }, d.toLocaleString(language === 'zh' ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false }));
};
function span(duration) {  // "1h30m" as people read it
  if (!duration) return '';
  const units = language === 'zh' ? { d: '天', h: '小时', m: '分', s: '秒' } : { d: 'd ', h: 'h ', m: 'min ', s: 's ' };
  return duration.replace(/(\d+)ms/, '').replace(/(\d+)([dhms])/g, (_, n, u) => n + units[u]).trim() || (language === 'zh' ? '0 分' : '0 min');
}
const who = (person) => (person ? text(person, person.id) : '—');
const tone = (rank) => (/major|重大/.test(rank || '') ? 'red' : /large|较大/.test(rank || '') ? 'amber' : '');

function problemBox(error) {
  const refusals = error.problem && error.problem.refusals;
  if (refusals && refusals.length)
    return el('div', { role: 'alert' }, refusals.map((r) => el('div', { class: 'refusal' }, text(r), ' ', r.clause ? el('span', { class: 'tag' }, `${t('clause')} ${r.clause}`) : null)));
  return el('div', { class: 'refusal', role: 'alert' }, `${t('failed')}：${error.message}`);
}

function shell(...content) {
  const switchLanguage = el('button', { class: 'plain', type: 'button', onclick: () => { language = language === 'zh' ? 'en' : 'zh'; localStorage.setItem('language', language); route(); } }, language === 'zh' ? 'English' : '中文');
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  app.replaceChildren(
    el('header', {}, el('a', { class: 'brand', href: '#/' }, '安澜 Anlan'),
      me ? el('nav', {}, el('a', { href: '#/tickets?owes=me' }, t('mine')), el('a', { href: '#/tickets?open=true' }, t('all')), el('a', { href: '#/tickets?open=false' }, t('closed')), el('a', { href: '#/alerts' }, t('alerts')), el('a', { href: '#/notices' }, t('notices')), el('a', { href: '#/processes' }, t('processes'))) : el('nav', {}),
      me ? el('span', { class: 'soft' }, text(me.name, me.id)) : null, switchLanguage,
      me ? el('button', { class: 'plain', type: 'button', onclick: async () => { await call('DELETE', '/api/v1/session').catch(() => {}); me = null; if (stream) stream.close(); stream = null; route(); } }, t('signOut')) : null),
    el('main', {}, ...content));
}

function signInPage(message) {
  const box = el('div');
  const login = el('input', { name: 'login', autocomplete: 'username', required: true, id: 'login' });
  const password = el('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true, id: 'password' });
  const button = el('button', {}, t('signIn'));
  shell(el('form', { class: 'panel login', onsubmit: async (event) => {
    event.preventDefault(); button.disabled = true;
    try { await call('POST', '/api/v1/session', { login: login.value, password: password.value }); await start(); } catch (error) { box.replaceChildren(problemBox(error)); } finally { button.disabled = false; }
  } }, el('h1', {}, t('signIn')), message ? el('p', { class: 'notice' }, message) : null, el('label', { for: 'login' }, t('login')), login, el('label', { for: 'password' }, t('password')), password, el('p', {}, button), box));
  login.focus();
}

function firstStartPage(token) {
  const box = el('div');
  const inputs = { login: el('input', { id: 'f-login', required: true, autocomplete: 'username' }), name: el('input', { id: 'f-name', required: true }), password: el('input', { id: 'f-password', type: 'password', required: true, minlength: 12, autocomplete: 'new-password' }) };
  shell(el('form', { class: 'panel login', onsubmit: async (event) => {
    event.preventDefault();
    try { await call('POST', '/api/v1/first-start', { token, login: inputs.login.value, name: inputs.name.value, password: inputs.password.value }); history.replaceState(null, '', '/'); await start(); } catch (error) { box.replaceChildren(problemBox(error)); }
  } }, el('h1', {}, t('firstStart')), ...Object.entries(inputs).flatMap(([key, input]) => [el('label', { for: input.id }, t(key)), input]), el('p', {}, el('button', {}, t('send'))), box));
}

async function ticketsPage(parameters) {
  const query = new URLSearchParams(parameters);
  const results = el('div', {}, el('p', { class: 'soft' }, t('loading')));
  const processes = (await call('GET', '/api/v1/processes')).items;
  const search = el('input', { type: 'search', 'aria-label': t('search'), placeholder: t('search'), value: query.get('q') || '' });
  search.addEventListener('change', () => { const next = new URLSearchParams(query); search.value ? next.set('q', search.value) : next.delete('q'); location.hash = '#/tickets?' + next; });
  shell(el('div', { class: 'row' }, el('h1', {}, query.get('owes') === 'me' ? t('mine') : query.get('open') === 'false' ? t('closed') : t('all')), ...processes.map((p) => el('a', { class: 'button', href: '#/new/' + p.key }, `${t('open')} ${text(p.title)}${p.draft ? `（${t('draft')}）` : ''}`))), el('p', {}, search), el('div', { class: 'panel scroll' }, results));
  let cursor = null;
  const body = el('tbody');
  const load = async () => {
    const page = await call('GET', '/api/v1/tickets?' + new URLSearchParams({ ...Object.fromEntries(query), limit: '50', ...(cursor ? { cursor } : {}) }));
    for (const ticket of page.items)
      body.append(el('tr', {}, el('td', {}, el('a', { href: '#/ticket/' + ticket.number }, ticket.number)), el('td', {}, ticket.title || ''), el('td', {}, text(ticket.state_title, ticket.state)), el('td', {}, ticket.severity ? el('span', { class: 'tag ' + tone(ticket.severity) }, text(ticket.severity_title, ticket.severity)) : ''), el('td', {}, who(ticket.holder_name)), el('td', {}, when(ticket.opened_at)), el('td', {}, ticket.next_due ? el('span', { class: new Date(ticket.next_due) < new Date() ? 'tag red' : '' }, when(ticket.next_due)) : '')));
    cursor = page.next_cursor;
    results.replaceChildren(body.children.length ? el('table', {}, el('thead', {}, el('tr', {}, ['number', 'title', 'state', 'severity', 'holder', 'opened', 'due'].map((k) => el('th', { scope: 'col' }, t(k))))), body) : el('p', { class: 'soft' }, t('noneTickets')));
    if (cursor) results.append(el('p', {}, el('button', { class: 'plain', type: 'button', onclick: load }, t('more'))));
  };
  await load();
  refreshPage = () => { if (body.children.length <= 50) { cursor = null; body.replaceChildren(); load().catch(() => {}); } };
}

const lookups = {};
async function options(type) {
  const key = type.kind === 'ref' ? 'ref:' + type.register : type.kind;
  if (!lookups[key]) {
    const register = type.kind === 'ref' ? type.register : type.kind;
    const rows = register === 'person' ? (await call('GET', '/api/v1/people')).items : (await call('GET', '/api/v1/records/' + register)).items;
    lookups[key] = rows.map((r) => {
      const name = r.name || (r.fields && (r.fields.name || r.fields.title));
      return [r.id, name && typeof name === 'object' ? text(name) : name ? `${name}${name === r.id ? '' : ' ' + r.id}` : r.id];
    });
  }
  return lookups[key];
}

// An input for one field; `read()` gives its wire value, undefined when left empty.
async function control(field, id, value) {
  const type = field.type;
  const pick = async (multiple) => {
    const list = type.kind === 'choice' || (type.element && type.element.kind === 'choice') ? (type.words || type.element.words).map((w) => [w.word, text(w)]) : await options(type.kind === 'list' ? type.element : type);
    const select = el('select', { id, multiple, size: multiple ? 5 : null }, multiple ? [] : el('option', { value: '' }, t('choose')), list.map(([k, label]) => el('option', { value: k, selected: multiple ? (value || []).includes(k) : value === k }, label)));
    return { node: select, read: () => (multiple ? [...select.selectedOptions].map((o) => o.value) : select.value || undefined) };
  };
  switch (type.kind) {
    case 'choice': case 'person': case 'board': case 'unit': case 'ref': return pick(false);
    case 'list': if (['choice', 'person', 'board', 'unit', 'ref'].includes(type.element.kind)) { const c = await pick(true); return { node: c.node, read: () => (c.read().length ? c.read() : undefined) }; } else { const input = el('input', { id, value: (value || []).join(', ') }); return { node: input, read: () => (input.value ? input.value.split(/[,，]\s*/) : undefined) }; }
    case 'bool': { const select = el('select', { id }, el('option', { value: '' }, t('choose')), el('option', { value: 'true', selected: value === true }, t('yes')), el('option', { value: 'false', selected: value === false }, t('no'))); return { node: select, read: () => (select.value === '' ? undefined : select.value === 'true') }; }
    case 'int': case 'number': { const input = el('input', { id, type: 'number', step: type.kind === 'int' ? 1 : 'any', value: value ?? '' }); return { node: input, read: () => (input.value === '' ? undefined : Number(input.value)) }; }
    case 'timestamp': { const input = el('input', { id, type: 'datetime-local', value: value ? local(value) : '' }); return { node: input, read: () => (input.value ? input.value + ':00+08:00' : undefined) }; }
    case 'date': { const input = el('input', { id, type: 'date', value: value ? local(value).slice(0, 10) : '' }); return { node: input, read: () => input.value || undefined }; }
    case 'text': { const area = el('textarea', { id }); area.value = value || ''; return { node: area, read: () => area.value || undefined }; }
    case 'interval': { const a = await control({ type: { kind: 'timestamp' } }, id, value && value.start), b = await control({ type: { kind: 'timestamp' } }, id + '-end', value && value.end); return { node: el('div', { class: 'row' }, a.node, '—', b.node), read: () => (a.read() || b.read() ? { start: a.read(), end: b.read() } : undefined) }; }
    case 'table': return table(field, id, value);
    default: { const input = el('input', { id, value: value ?? '' }); return { node: input, read: () => input.value || undefined }; }
  }
}
function local(iso) { return new Date(new Date(iso).getTime() + 8 * 3600e3).toISOString().slice(0, 16); }
async function table(field, id, value) {
  const rows = [];
  const box = el('div');
  const add = async (row = {}) => {
    const inputs = {};
    const line = el('div', { class: 'panel' });
    for (const column of field.type.columns) { inputs[column.key] = await control(column, `${id}-${rows.length}-${column.key}`, row[column.key]); line.append(el('label', { for: `${id}-${rows.length}-${column.key}` }, text(column)), inputs[column.key].node); }
    const entry = { inputs };
    line.append(el('p', {}, el('button', { class: 'plain', type: 'button', onclick: () => { rows.splice(rows.indexOf(entry), 1); line.remove(); } }, t('remove'))));
    rows.push(entry); box.append(line);
  };
  for (const row of value || []) await add(row);
  return { node: el('div', {}, box, el('button', { class: 'plain', type: 'button', onclick: () => add() }, t('addRow'))), read: () => { const out = rows.map((r) => Object.fromEntries(Object.entries(r.inputs).map(([k, c]) => [k, c.read()]).filter(([, v]) => v !== undefined))); return out.length ? out : undefined; } };
}

async function form(fields, takes, values, needsComment, submit, onCancel) {
  const controls = {};
  const node = el('form', { class: 'panel' });
  const box = el('div');
  for (const take of takes) {
    const field = fields.find((f) => f.key === take.field);
    if (!field) continue;
    const id = 'field-' + field.key;
    controls[field.key] = await control(field, id, values[field.key]);
    node.append(el('label', { for: id }, text(field), ' ', take.required ? el('span', { class: 'must' }, '*') : null, field.clause ? el('span', { class: 'soft small' }, ` ${t('clause')} ${field.clause}`) : null), controls[field.key].node, field.help ? el('div', { class: 'help' }, text(field.help)) : '');
  }
  const comment = el('textarea', { id: 'comment' });
  node.append(el('label', { for: 'comment' }, needsComment ? t('reason') : t('comment'), ' ', needsComment ? el('span', { class: 'must' }, '*') : null), comment, box);
  const button = el('button', {}, t('send'));
  node.append(el('p', { class: 'row' }, button, onCancel ? el('button', { class: 'plain', type: 'button', onclick: onCancel }, t('cancel')) : null));
  const key = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2);
  node.addEventListener('submit', async (event) => {
    event.preventDefault(); button.disabled = true; box.replaceChildren();
    const given = Object.fromEntries(Object.entries(controls).map(([k, c]) => [k, c.read()]).filter(([, v]) => v !== undefined));
    try { await submit(given, comment.value, key); } catch (error) {
      box.replaceChildren(error.status === 401 ? el('div', { class: 'notice' }, t('expired')) : problemBox(error)); box.scrollIntoView({ block: 'nearest' });
    } finally { button.disabled = false; }
  });
  return node;
}

async function newPage(key) {
  const process = await call('GET', '/api/v1/processes/' + key);
  const opening = process.actions.find((a) => a.key === process.opening);
  const node = await form(process.fields, opening.fields, {}, false, async (fields, comment, idempotency) => {
    const ticket = await call('POST', '/api/v1/tickets', { process: key, fields, comment }, { 'Idempotency-Key': idempotency });
    location.hash = '#/ticket/' + ticket.number;
  }, () => history.back());
  shell(el('h1', {}, `${t('open')} ${text(process.title)}`), node);
}

function showValue(value, field) {
  if (value === null || value === undefined) return '—';
  if (value === true) return t('yes');
  if (value === false) return t('no');
  if (field && field.type.kind === 'choice') { const word = field.type.words.find((w) => w.word === value); return word ? text(word) : value; }
  if (Array.isArray(value)) {
    if (value.length && typeof value[0] === 'object') {
      const columns = field && field.type.columns ? field.type.columns.filter((c) => value.some((row) => row[c.key] !== undefined && row[c.key] !== null)) : Object.keys(value[0]).map((key) => ({ key, zh: key, en: key, type: {} }));
      return el('div', { class: 'scroll' }, el('table', {}, el('thead', {}, el('tr', {}, columns.map((c) => el('th', {}, text(c))))), el('tbody', {}, value.map((row) => el('tr', {}, columns.map((c) => el('td', {}, showValue(row[c.key], c))))))));
    }
    return value.map((v) => (field && field.type.element ? showValue(v, { type: field.type.element }) : v)).join('、');
  }
  if (typeof value === 'object') return value.start || value.end ? el('span', {}, when(value.start), ' — ', when(value.end)) : JSON.stringify(value);
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return when(value);
  if (field && field.type.kind === 'duration') return span(value);
  return String(value);
}

async function ticketPage(number) {
  const [ticket, actions, events, links] = await Promise.all(['', '/actions', '/events', '/links'].map((p) => call('GET', '/api/v1/tickets/' + number + p)));
  const process = await call('GET', '/api/v1/processes/' + ticket.process);
  const slot = el('div');
  const here = actions.items.filter((a) => a.open);
  const shut = actions.items.filter((a) => !a.open && a.here);
  const act = async (action) => {
    const node = await form(process.fields, action.fields, ticket.fields, action.comment_required, async (fields, comment) => {
      // Only what was changed or is required travels: the rest stays as it stands.
      await call('POST', `/api/v1/tickets/${number}/actions/${action.action}`, { fields, comment, version: ticket.version });
      await ticketPage(number);
    }, () => slot.replaceChildren());
    slot.replaceChildren(el('h2', {}, text(action)), node);
    node.querySelector('input,select,textarea').focus();
  };
  const clocks = Object.values(ticket.clocks || {}).filter((c) => c.armed || c.withdrawn);
  // Only decisions that say why in words: the others serve as parts of these.
  const level = Object.entries(ticket.decisions || {}).filter(([key, d]) => process.fields.some((f) => f.decided_by === key) || d.rows.some((r) => text(r.because)));
  shell(
    el('div', { class: 'row' }, el('h1', {}, `${ticket.number} ${ticket.title || ''}`), el('span', { class: 'tag' }, text(ticket.state_title, ticket.state)), ticket.severity ? el('span', { class: 'tag ' + tone(ticket.severity) }, text(ticket.severity_title, ticket.severity)) : null, ticket.drill ? el('span', { class: 'tag amber' }, language === 'zh' ? '演练' : 'Drill') : null, ticket.draft_process ? el('span', { class: 'tag' }, t('draft')) : null),
    ticket.state_hint ? el('p', { class: 'soft' }, text(ticket.state_hint)) : null,
    el('p', {}, `${t('holder')}：${who(ticket.holder_name)}`, el('span', { class: 'soft small' }, `（${text(ticket.holder_why)}） `), ticket.owes && ticket.owes.length ? `${t('owes')} ${ticket.owes.map(who).join('、')}` : ''),
    el('div', { class: 'grid' },
      el('div', {},
        el('section', { class: 'panel' }, el('h2', {}, t('actions')), el('div', { class: 'row' }, here.length ? here.map((a) => el('button', { type: 'button', onclick: () => act(a) }, text(a))) : el('span', { class: 'soft' }, t('none'))),
          shut.length ? el('details', {}, el('summary', {}, `${t('refused')}（${shut.length}）`), shut.map((a) => el('div', {}, el('strong', {}, text(a)), a.refusals.map((r) => el('div', { class: 'small' }, '· ', text(r), r.clause ? ` （${t('clause')} ${r.clause}）` : ''))))) : null),
        slot,
        tasksPanel(ticket, number),
        el('section', { class: 'panel' }, el('h2', {}, t('fields')), el('dl', {}, process.fields.filter((f) => ticket.fields[f.key] !== undefined && ticket.fields[f.key] !== null).flatMap((f) => [el('dt', {}, text(f)), el('dd', {}, showValue(ticket.fields[f.key], f))]))),
        timeline(events.items, process, number)),
      el('aside', {},
        el('section', { class: 'panel' }, el('h2', {}, t('clocks')), clocks.length ? clocks.map((c) => el('div', { class: c.withdrawn ? 'soft' : '' }, el('strong', {}, text(c)), ' ', c.withdrawn ? t('withdrawn') : c.stopped_at ? el('span', { class: 'tag ' + (c.breached ? 'red' : 'green') }, `${t('doneAt')} `, when(c.stopped_at)) : c.paused ? el('span', { class: 'tag' }, t('paused')) : el('span', { class: 'tag ' + (c.breached ? 'red' : '') }, c.breached ? `${t('overdue')} ${span(c.late)}` : `${t('left')} ${span(c.remaining)}`), el('div', { class: 'small soft' }, `${t('occurred')} `, when(c.anchor), ' → ', when(c.due), c.provisional ? ` ${t('provisional')}` : '', c.clause ? ` · ${t('clause')} ${c.clause}` : ''))) : el('p', { class: 'soft' }, t('none'))),
        level.filter(([, d]) => d.value !== null && d.value !== undefined).length ? el('section', { class: 'panel' }, el('h2', {}, t('why')), level.filter(([, d]) => d.value !== null && d.value !== undefined).map(([key, d]) => { const field = process.fields.find((f) => f.decided_by === key); return el('div', {}, el('strong', {}, text(d)), '：', showValue(d.value, field), d.rows.map((r) => el('div', { class: 'small soft' }, '· ', text(r.because) || r.if, r.clause ? `（${t('clause')} ${r.clause}）` : '')), d.flips_at ? el('div', { class: 'notice small' }, when(d.flips_at), ` ${t('becomes')} `, showValue(d.flips_to, field)) : null); })) : null,
        Object.values(ticket.stopwatches || {}).some((s) => s.lanes.length) ? el('section', { class: 'panel' }, el('h2', {}, t('lanes')), Object.values(ticket.stopwatches).filter((s) => s.lanes.length).map((s) => el('div', {}, el('strong', {}, text(s)), s.lanes.map((l) => el('div', { class: 'small' }, `${l.key} ${span(l.counted)}`, l.running ? ' …' : ''))))) : null,
        el('section', { class: 'panel' }, el('h2', {}, t('links')), links.items.length ? links.items.map((l) => el('div', {}, `${text(l.title, l.key)}：`, l.number.includes('/') ? l.number : el('a', { href: '#/ticket/' + l.number }, l.number), ' ', l.ticket_title || '')) : el('p', { class: 'soft' }, t('none'))))));
  refreshPage = (topics) => { if (topics.has('ticket:' + number) && !slot.children.length) ticketPage(number).catch(() => {}); };
}

function tasksPanel(ticket, number) {
  const tasks = (ticket.tasks || []).filter((x) => x.state !== 'void');
  if (!tasks.length) return null;
  return el('section', { class: 'panel' }, el('h2', {}, t('tasks')), tasks.map((task) => {
    const box = el('div');
    const answer = (word) => async () => {
      const node = await form(task.takes.map((f) => ({ ...f, type: { kind: 'string' } })), task.takes.map((f) => ({ field: f.key, required: f.required })), {}, word === 'disagree', async (fields, comment) => { await call('POST', `/api/v1/tickets/${number}/tasks/${task.id}`, { answer: word, fields, comment }); await ticketPage(number); }, () => box.replaceChildren());
      box.replaceChildren(node);
    };
    return el('div', {}, el('strong', {}, text(task)), ' ', task.item !== null && typeof task.item !== 'object' ? String(task.item) + ' ' : '', task.assignees.map(who).join('、'), ' ', task.state === 'done' ? el('span', { class: 'tag ' + (task.answer === 'agree' ? 'green' : 'red') }, `${task.answer === 'agree' ? t('agree') : t('disagree')} ${who(task.by)}`) : null, task.comment ? el('div', { class: 'small' }, task.comment) : null, task.state === 'open' ? el('span', { class: 'row' }, el('button', { class: 'plain', type: 'button', onclick: answer('agree') }, t('agree')), el('button', { class: 'plain', type: 'button', onclick: answer('disagree') }, t('disagree'))) : null, box);
  }));
}

function timeline(events, process, number) {
  const area = el('textarea', { id: 'say', 'aria-label': t('say') });
  return el('section', { class: 'panel' }, el('h2', {}, t('timeline')), el('ol', { class: 'timeline' }, [...events].reverse().map((e) => {
    const changed = Object.entries((e.body.patch && e.body.patch.fields) || {}).map(([key, value]) => { const field = process.fields.find((f) => f.key === key); return field ? el('div', { class: 'small soft' }, `${text(field)}：`, showValue(value, field)) : null; });
    const notes = (e.body.notes || []).map((n) => el('div', { class: 'small notice' }, text(n) || [n.what, n.clock || n.decision || '', n.to ? '→ ' + n.to : ''].join(' ')));
    return el('li', {}, when(e.at), ' ', el('strong', {}, who(e.actor)), ' ', text(e.title) || eventWord(e.kind), e.body.comment ? el('div', {}, e.body.comment) : null, e.body.text ? el('div', {}, e.body.text) : null, e.body.zh ? el('div', { class: 'small' }, text(e.body)) : null, (e.body.refusals || []).map((r) => el('div', { class: 'small soft' }, text(r))), notes, changed.length ? el('details', {}, el('summary', {}, `${t('fields')}（${changed.length}）`), changed) : null);
  })), el('form', { onsubmit: async (event) => { event.preventDefault(); if (!area.value.trim()) return; await call('POST', `/api/v1/tickets/${number}/comments`, { text: area.value }); await ticketPage(number); } }, area, el('p', {}, el('button', { class: 'plain' }, t('say')))));
}
function eventWord(kind) {
  const known = { 'ticket.fired': ['到点自动处理', 'fired when due'], 'ticket.commented': ['评论', 'commented'], 'ticket.alert_opened': ['告警建单', 'opened by an alert'], 'ticket.alert_fired': ['新的告警', 'further alerts'], 'ticket.alert_resolved': ['告警已恢复', 'alerts resolved'], 'ticket.reassigned': ['重新确定负责人', 'reassigned'], 'ticket.answered': ['答复任务', 'answered a task'], 'ticket.reaction_refused': ['平台动作未执行', 'platform action refused'], 'ticket.opened': ['登记', 'opened'], 'ticket.acted': ['办理', 'acted'] };
  return known[kind] ? known[kind][language === 'zh' ? 0 : 1] : kind;
}

async function alertsPage() {
  const data = await call('GET', '/api/v1/alerts');
  const groups = data.groups || [];
  const alerts = data.items || [];
  shell(el('h1', {}, t('alerts')), el('section', { class: 'panel scroll' }, groups.length ? el('table', {}, el('thead', {}, el('tr', {}, [t('group'), t('active'), t('total'), t('tickets'), t('opened')].map((h) => el('th', {}, h)))), el('tbody', {}, groups.map((g) => el('tr', {}, el('td', {}, text(g.title) || g.title || g.key), el('td', {}, String(g.active)), el('td', {}, String(g.total)), el('td', {}, g.ticket ? el('a', { href: '#/ticket/' + g.ticket }, g.ticket) : '—'), el('td', {}, when(g.opened_at)))))) : el('p', { class: 'soft' }, t('none'))),
    el('section', { class: 'panel scroll' }, alerts.length ? el('table', {}, el('tbody', {}, alerts.map((a) => el('tr', {}, el('td', {}, el('span', { class: 'tag ' + (a.active ? 'red' : 'green') }, a.name || a.fingerprint)), el('td', { class: 'small' }, Object.entries(a.labels || {}).map(([k, v]) => `${k}=${v}`).join(' ')), el('td', {}, text(a.reason && (a.reason.text || a.reason))), el('td', {}, a.ticket ? el('a', { href: '#/ticket/' + a.ticket }, a.ticket) : a.outcome), el('td', {}, when(a.starts_at)))))) : el('p', { class: 'soft' }, t('none'))));
  refreshPage = () => alertsPage().catch(() => {});
}

async function noticesPage() {
  const data = await call('GET', '/api/v1/notices');
  shell(el('h1', {}, t('notices')), el('section', { class: 'panel' }, data.items.length ? data.items.map((n) => el('p', {}, when(n.at), ' ', n.ticket ? el('a', { href: '#/ticket/' + n.ticket }, n.ticket) : '', ' ', text(n))) : el('p', { class: 'soft' }, t('none'))));
}

async function processesPage() {
  const { items } = await call('GET', '/api/v1/processes');
  const all = await Promise.all(items.map((p) => call('GET', '/api/v1/processes/' + p.key)));
  shell(el('h1', {}, t('processes')), all.map((p) => el('details', { class: 'panel' }, el('summary', {}, `${text(p.title)} ${p.draft ? `（${t('draft')}）` : ''} ${t('clause')} ${p.clause}`), p.actions.map((a) => el('div', {}, el('strong', {}, text(a)), ` ${a.from.join('、')} → ${a.to || ''}`, a.guards.map((g) => el('div', { class: 'small soft' }, '· ', text(g), g.clause ? `（${t('clause')} ${g.clause}）` : '')))))));
}

async function route() {
  refreshPage = null;
  if (location.pathname === '/first-start') return firstStartPage(location.hash.slice(1));
  if (!me) return signInPage();
  const [path, query] = (location.hash.slice(1) || '/').split('?');
  const parts = path.split('/').filter(Boolean);
  try {
    if (parts[0] === 'ticket') return await ticketPage(parts[1]);
    if (parts[0] === 'new') return await newPage(parts[1]);
    if (parts[0] === 'alerts') return await alertsPage();
    if (parts[0] === 'notices') return await noticesPage();
    if (parts[0] === 'processes') return await processesPage();
    return await ticketsPage(query || (parts[0] ? '' : 'open=true'));
  } catch (error) {
    if (error.status === 401) { me = null; return signInPage(t('expired')); }
    shell(problemBox(error), el('button', { type: 'button', onclick: route }, t('retry')));
  }
}

let pending = new Set(), scheduled = null;
function listen() {
  if (stream) stream.close();
  stream = new EventSource('/api/v1/stream');
  const hear = (event) => {
    try { const data = JSON.parse(event.data); pending.add(data.topic === 'ticket' ? 'ticket:' + data.id : data.topic && String(data.topic).includes(':') ? data.topic : `${data.topic}:${data.id}`); } catch { return; }
    // Many events in one moment are one redraw.
    if (!scheduled) scheduled = setTimeout(() => { scheduled = null; const topics = pending; pending = new Set(); if (refreshPage) refreshPage(topics); }, 500);
  };
  stream.onmessage = hear;
  for (const name of ['change', 'event', 'ticket']) stream.addEventListener(name, hear);
}

async function start() {
  try { me = await call('GET', '/api/v1/me'); listen(); } catch { me = null; }
  route();
}
window.addEventListener('hashchange', route);
start();
