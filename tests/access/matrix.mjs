// The matrix: every caller (nobody, each person of the demonstration, a token of each scope) × every operation of the API
// description × objects of several kinds. What is expected comes from the posts and seats, not from the code under test.
const base = process.argv[2]
const control = process.argv.includes('--control') // believes that one person may read all: the server must contradict
const wrong = []
let asked = 0
class Caller {
  constructor(name, headers = {}) { this.name = name; this.headers = headers }
  async call(method, path, body) {
    asked++
    const text = body !== undefined && typeof body !== 'string'
    const answer = await fetch(base + path, { method, headers: { 'X-Anlan-Request': '1', ...(text ? { 'Content-Type': 'application/json' } : {}), ...this.headers }, body: text ? JSON.stringify(body) : body })
    const raw = await answer.text()
    let json = null
    try { json = JSON.parse(raw) } catch { /* a file, or nothing */ }
    if (answer.status >= 500) wrong.push(`${this.name} ${method} ${path}: ${answer.status} ${raw.slice(0, 200)}`)
    return { status: answer.status, json, raw, headers: answer.headers }
  }
}
async function signIn(login) {
  const caller = new Caller(login)
  const answer = await caller.call('POST', '/api/v1/session', { login, password: 'anlan-demo' })
  if (answer.status >= 300) throw new Error(`${login} cannot sign in: ${answer.raw}`)
  caller.headers.Cookie = answer.headers.get('set-cookie').split(';')[0]
  caller.me = (await caller.call('GET', '/api/v1/me')).json
  return caller
}
const admin = await signIn('admin')
const all = async (who, path) => {
  const out = []
  for (let cursor = null; ;) {
    const page = await who.call('GET', path + (path.includes('?') ? '&' : '?') + 'limit=200' + (cursor ? '&cursor=' + encodeURIComponent(cursor) : ''))
    if (!page.json?.items) throw new Error(`${who.name} ${path}: ${page.raw.slice(0, 200)}`)
    out.push(...page.json.items)
    cursor = page.json.next_cursor
    if (!cursor) return out
  }
}
const directory = await all(admin, '/api/v1/people'), boards = await all(admin, '/api/v1/records/board'), units = await all(admin, '/api/v1/records/unit')
const people = []
for (const p of directory) if (p.enabled && !p.machine) people.push(p.login === 'admin' ? admin : await signIn(p.login))
const token = async (scope) => {
  const made = await admin.call('POST', '/api/v1/tokens', { name: `matrix-${process.pid}-${scope}`, scopes: [scope] })
  if (made.status >= 300) throw new Error('no token: ' + made.raw)
  const caller = new Caller('token ' + scope, { Authorization: 'Bearer ' + (made.json.token ?? made.json.secret) })
  caller.scope = scope
  return caller
}
const tokens = []
for (const scope of ['alerts.write', 'tickets.read', 'tickets.write', 'records.read']) tokens.push(await token(scope))
const nobody = new Caller('nobody')
const callers = [nobody, ...people, ...tokens]

// What the posts say. A unit's head reads what concerns it and the units below.
const has = (c, permission) => (control && c.me?.login === 'branchhead' && permission === 'tickets.read.all' ? true : c.scope ? c.scope === permission : !!c.me?.permissions.includes(permission))
const leads = (c, unit) => { for (let u = units.find((x) => x.id === unit), n = 0; u && n < 20; u = units.find((x) => x.id === u.fields.parent), ++n) if (u.fields.head === c.me.id || u.fields.deputy === c.me.id) return true; return false }
const sees = (c, t) => {
  if (c === nobody) return false
  if (c.scope) return c.scope === 'tickets.read'
  if (has(c, 'tickets.read.all')) return true
  const mine = [t.opener?.id, t.holder, ...t.owes.map((x) => x.id), ...t.seats.map((s) => s.person?.id), ...t.tasks.flatMap((x) => x.assignees.map((a) => a.id))]
  if (Object.values(t.fields).flat().includes(c.me.id)) return true // whoever is named in a field of people
  return mine.includes(c.me.id) || c.me.posts.some((p) => p.board && p.board === t.board) || boards.some((b) => b.id === t.board && b.fields.manager === c.me.id) || (!!t.unit && leads(c, t.unit))
}
const inside = (c) => (c.scope ? c.scope === 'records.read' : !!c.me?.internal)

// Objects: each process, both boards, one that a user opened himself, one with a file.
const reader = people.find((c) => c.me.login === 'auditor'), opener = people.find((c) => c.me.login === 'business')
const wanted = new Map()
for (const row of await all(reader, '/api/v1/tickets')) { const key = row.process + row.board; if (!wanted.has(key)) wanted.set(key, row.number) }
const own = await opener.call('POST', '/api/v1/tickets', { process: 'user_service', fields: { title: '矩阵里用户自己的单' } })
if (own.status < 300) wanted.set('own', own.json.number)
const tickets = []
const writer = people.find((c) => c.me.login === 'duty')
for (const number of wanted.values()) {
  const t = (await reader.call('GET', `/api/v1/tickets/${number}`)).json
  const put = await writer.call('POST', `/api/v1/tickets/${number}/attachments?name=a.txt`, 'inhalt')
  t.file = put.json?.id
  t.actions = ((await reader.call('GET', `/api/v1/tickets/${number}/actions`)).json?.items ?? []).map((a) => a.action)
  tickets.push((await reader.call('GET', `/api/v1/tickets/${number}`)).json ? t : t)
}
if (tickets.length < 6) throw new Error(`only ${tickets.length} kinds of tickets`)
if (!tickets.some((t) => people.some((c) => !sees(c, t)))) throw new Error('everybody sees everything: the matrix shows nothing')

const say = (c, what, status, must) => wrong.push(`${c.name} ${what}: ${status}, expected ${must}`)
const expect = (c, what, answer, ok, must) => { if (!ok(answer.status)) say(c, what, answer.status, must) }
const done = (s) => s >= 200 && s < 300
// Who audits looks and does not touch.
const writes = (s, c) => (has(c, 'audit.read') ? s === 403 : done(s))
const refused = (s) => s === 401 || s === 403 || s === 404 || s === 405
// An operation on a ticket: who sees it is answered for what he asked, who does not learns nothing of it.
const onTicket = (method, tail, body, seenOk) => async (c) => {
  for (const t of tickets) {
    if (tail.includes('{id}') && !t.file) continue
    const path = `/api/v1/tickets/${t.number}` + tail.replace('{action}', t.actions[0] ?? 'none').replace('{task}', 'none').replace('{id}', t.file)
    const answer = await c.call(method, path, body)
    const what = `${method} ${path}`
    const may = c.scope ? c.scope === 'tickets.read' && (method === 'GET' || tail.endsWith('/check')) : sees(c, t)
    if (c === nobody) expect(c, what, answer, (s) => s === 401, 401)
    else if (may) { if (!seenOk(answer.status, c)) say(c, what, answer.status, 'an answer about the ticket') }
    else if (!c.scope) expect(c, what, answer, (s) => s === 404 || s === 403, '404 or 403')
    else if (done(answer.status)) say(c, what, answer.status, 'a refusal')
    if (!may && !c.scope && c !== nobody && answer.raw.includes(t.title) && t.title) wrong.push(`${c.name} ${what}: the refusal tells the title`)
  }
}
const when = (method, path, may, body) => async (c) => {
  const answer = await c.call(method, path, body), what = `${method} ${path}`
  if (c === nobody) return expect(c, what, answer, (s) => s === 401, 401)
  if (may(c)) { if (refused(answer.status) && answer.status !== 404) say(c, what, answer.status, 'no refusal') } else expect(c, what, answer, (s) => s === 403 || s === 401 || s === 404, 403)
}
const maintains = (c) => has(c, 'records.maintain') || !!c.me?.posts.some((p) => p.post === 'config_admin')
const runs = (c) => has(c, 'platform.settings')
const person = (c) => !c.scope, anybody = () => true
const reads = (c) => !c.scope || c.scope === 'tickets.read', looks = (c) => !c.scope || c.scope === 'records.read'
// Lists hold what one sees and nothing else.
const listed = (path, numbers) => async (c) => {
  if (c === nobody) return expect(c, path, await c.call('GET', path + (path.endsWith('search') ? '?text=xx' : '')), (s) => s === 401, 401)
  if (!reads(c)) return expect(c, path, await c.call('GET', path + (path.endsWith('search') ? '?text=xx' : '')), refused, 'a refusal')
  const found = new Set(await numbers(c))
  for (const t of tickets) if (found.has(t.number) !== sees(c, t)) wrong.push(`${c.name} ${path}: ${t.number} is ${found.has(t.number) ? '' : 'not '}listed`)
}
const watches = (c) => (c.scope ? ['alerts.write', 'tickets.read'].includes(c.scope) : inside(c) && has(c, 'tickets.read.all'))
const rules = {
  'GET /api/v1/alerts': when('GET', '/api/v1/alerts', watches),
  'POST /api/v1/alerts/replay': when('POST', '/api/v1/alerts/replay', maintains, {}),
  'GET /api/v1/calendars': when('GET', '/api/v1/calendars', anybody), 'GET /api/v1/compliance': when('GET', '/api/v1/compliance', anybody),
  'GET /api/v1/requirements': when('GET', '/api/v1/requirements', anybody), 'GET /api/v1/posts': when('GET', '/api/v1/posts', anybody),
  'GET /api/v1/processes': when('GET', '/api/v1/processes', anybody), 'GET /api/v1/processes/{key}': when('GET', '/api/v1/processes/incident', anybody),
  'GET /api/v1/me': when('GET', '/api/v1/me', anybody), 'PUT /api/v1/me': when('PUT', '/api/v1/me', person, { language: 'zh' }),
  'PUT /api/v1/me/password': when('PUT', '/api/v1/me/password', person, { wrong: 1 }), 'GET /api/v1/me/watched': when('GET', '/api/v1/me/watched', (c) => reads(c)),
  'GET /api/v1/notices': when('GET', '/api/v1/notices', person), 'POST /api/v1/notices/{id}/acknowledge': when('POST', '/api/v1/notices/999999/acknowledge', person, {}),
  'GET /api/v1/people': when('GET', '/api/v1/people', inside), 'POST /api/v1/people/{id}/invitation': when('POST', '/api/v1/people/nobody-of-that-name/invitation', (c) => has(c, 'people.manage')),
  'GET /api/v1/plans': when('GET', '/api/v1/plans', inside), 'GET /api/v1/plans/{key}': when('GET', '/api/v1/plans/none', inside),
  'GET /api/v1/measures': when('GET', '/api/v1/measures', inside), 'GET /api/v1/measures/{key}': when('GET', '/api/v1/measures/none', inside), 'GET /api/v1/measures/{key}/sources': when('GET', '/api/v1/measures/none/sources', inside),
  'GET /api/v1/reports': when('GET', '/api/v1/reports', inside), 'GET /api/v1/reports/{key}': when('GET', '/api/v1/reports/none', reads),
  'GET /api/v1/parameters': when('GET', '/api/v1/parameters', inside),
  'PUT /api/v1/parameters/{key}': when('PUT', '/api/v1/parameters/home_calendar', (c) => !!c.me?.posts.some((p) => p.post === 'admin'), { value: 'cn', reason: 'matrix' }),
  'GET /api/v1/registers': when('GET', '/api/v1/registers', looks),
  'GET /api/v1/records/{register}': when('GET', '/api/v1/records/system', (c) => inside(c)), 'GET /api/v1/records/{register}/{id}': when('GET', '/api/v1/records/system/CORE-POLICY', inside),
  'GET /api/v1/records/{register}/{id}/history': when('GET', '/api/v1/records/system/CORE-POLICY/history', inside),
  'PUT /api/v1/records/{register}/{id}': when('PUT', '/api/v1/records/system/CORE-POLICY', maintains, { fields: { nonsense: 1 } }),
  'POST /api/v1/import': when('POST', '/api/v1/import', maintains, { name: 'matrix', rows: [{ register: 'system', id: 'MATRIX', fields: { code: 'MATRIX', name: 'x', board: 'core' }, state: 'planned' }], dry_run: true }),
  'GET /api/v1/tokens': when('GET', '/api/v1/tokens', runs), 'POST /api/v1/tokens': when('POST', '/api/v1/tokens', runs, { name: `matrix-again-${process.pid}`, scopes: ['tickets.read'] }),
  'DELETE /api/v1/tokens/{id}': when('DELETE', '/api/v1/tokens/none', runs),
  'GET /api/v1/tickets': listed('/api/v1/tickets', async (c) => (await all(c, '/api/v1/tickets')).map((x) => x.number)),
  'GET /api/v1/search': listed('/api/v1/search', async (c) => {
    const out = []
    for (const t of tickets) if (t.title) out.push(...((await c.call('GET', '/api/v1/search?limit=50&text=' + encodeURIComponent(t.title.slice(0, 30)))).json?.items ?? []).map((x) => x.number))
    return [...out, ...tickets.filter((t) => sees(c, t)).map((t) => t.number)] // what is seen but ranked too low is no fault here
  }),
  'GET /api/v1/tickets/facets': async (c) => {
    const answer = await c.call('GET', '/api/v1/tickets/facets')
    if (c === nobody) return expect(c, 'facets', answer, (s) => s === 401, 401)
    if (!reads(c)) return expect(c, 'facets', answer, refused, 'a refusal')
    const open = (await all(c, '/api/v1/tickets?open=true')).length, counted = Object.values(answer.json.facets.process ?? {}).map((x) => x.count ?? x)
    const sum = (Array.isArray(answer.json.facets.process) ? answer.json.facets.process.map((x) => x.count) : counted).reduce((a, b) => a + b, 0)
    if (sum !== open) wrong.push(`${c.name} facets: ${sum} counted, ${open} listed`)
  },
  'GET /api/v1/tickets/completions': when('GET', '/api/v1/tickets/completions?q=state', reads),
  'POST /api/v1/tickets': when('POST', '/api/v1/tickets', (c) => !c.scope || c.scope === 'tickets.write', { process: 'none', fields: {} }),
  'POST /api/v1/processes/{key}/check': when('POST', '/api/v1/processes/user_service/check', reads, { fields: {} }),
  'GET /api/v1/tickets/{number}': onTicket('GET', '', undefined, done), 'GET /api/v1/tickets/{number}/actions': onTicket('GET', '/actions', undefined, done),
  'GET /api/v1/tickets/{number}/events': onTicket('GET', '/events', undefined, done), 'GET /api/v1/tickets/{number}/clocks': onTicket('GET', '/clocks', undefined, done),
  'GET /api/v1/tickets/{number}/links': onTicket('GET', '/links', undefined, done), 'GET /api/v1/tickets/{number}/tasks': onTicket('GET', '/tasks', undefined, done),
  'GET /api/v1/tickets/{number}/attachments': onTicket('GET', '/attachments', undefined, done), 'GET /api/v1/tickets/{number}/attachments/{id}': onTicket('GET', '/attachments/{id}', undefined, done),
  'GET /api/v1/tickets/{number}/presence': onTicket('GET', '/presence', undefined, done), 'POST /api/v1/tickets/{number}/presence': onTicket('POST', '/presence', { doing: 'view', tab: 'matrix' }, done),
  'POST /api/v1/tickets/{number}/actions/{action}': onTicket('POST', '/actions/{action}', { fields: { nonsense: 1 } }, (s) => [403, 409, 422].includes(s)),
  'POST /api/v1/tickets/{number}/actions/{action}/check': onTicket('POST', '/actions/{action}/check', { fields: { nonsense: 1 } }, (s) => [200, 403, 409, 422].includes(s)),
  'POST /api/v1/tickets/{number}/tasks/{task}': onTicket('POST', '/tasks/{task}', { answer: 'agree' }, (s) => [404, 403, 409, 422].includes(s)),
  'POST /api/v1/tickets/{number}/overrides': onTicket('POST', '/overrides', { kind: 'propose', action: 'none', code: 'none', reason: 'x', valid_for: '1h' }, (s) => [403, 404, 409, 422].includes(s)),
  'POST /api/v1/tickets/{number}/comments': onTicket('POST', '/comments', { text: 'matrix' }, writes),
  'POST /api/v1/tickets/{number}/attachments': onTicket('POST', '/attachments?name=b.txt', 'x', writes),
  'DELETE /api/v1/tickets/{number}/attachments/{id}': onTicket('DELETE', '/attachments/none', undefined, (s) => [404, 403, 409, 422].includes(s)),
  'PUT /api/v1/tickets/{number}/watch': onTicket('PUT', '/watch', undefined, done), 'DELETE /api/v1/tickets/{number}/watch': onTicket('DELETE', '/watch', undefined, done),
  'GET /api/v2/alerts': when('GET', '/api/v2/alerts', watches),
  'GET /api/v2/receivers': when('GET', '/api/v2/receivers', watches), 'GET /api/v2/silences': when('GET', '/api/v2/silences', watches), 'GET /api/v2/status': when('GET', '/api/v2/status', watches),
  'GET /api/v1/stream': async (c) => {
    const abort = new AbortController()
    const answer = await fetch(base + '/api/v1/stream', { headers: c.headers, signal: abort.signal })
    const may = c === nobody ? false : reads(c) || c.scope === 'tickets.read'
    if (may !== (answer.status === 200)) say(c, 'GET /api/v1/stream', answer.status, may ? 200 : 'a refusal')
    abort.abort()
  },
  'DELETE /api/v1/session': async (c) => { if (c === nobody) expect(c, 'DELETE /api/v1/session', await c.call('DELETE', '/api/v1/session'), (s) => s === 401 || done(s), '401') },
}
for (const path of ['/api/v2/alerts', '/api/v1/hooks/alertmanager', '/api/v1/hooks/generic', '/api/v1/hooks/zabbix']) rules['POST ' + path] = when('POST', path, (c) => has(c, 'alerts.write'), { wrong: 1 })

const described = (await nobody.call('GET', '/openapi.json')).json.paths
const lacking = []
for (const [path, methods] of Object.entries(described))
  for (const [method, operation] of Object.entries(methods)) {
    if (!['get', 'post', 'put', 'delete', 'patch'].includes(method)) continue
    const name = `${method.toUpperCase()} ${path}`
    if (operation.security?.length === 0) continue // open to everybody by its description
    if (!rules[name]) { lacking.push(name); continue }
    for (const c of callers) await rules[name](c)
  }
for (const name of lacking) wrong.push(`${name} has no rule in the matrix`)
const kinds = new Map()
for (const w of wrong) { const key = w.replace(/^\S+( tickets\.\w+| alerts\.\w+| records\.\w+)?/, ''); kinds.set(key, [...(kinds.get(key) ?? []), w]) }
for (const [, list] of [...kinds].slice(0, 60)) console.log(`${list.length} × ${list[0]}`)
console.log(`${callers.length} callers, ${Object.keys(rules).length} operations, ${tickets.length} tickets, ${asked} answers: ${wrong.length} wrong`)
process.exit(wrong.length ? 1 : 0)
