// node hostile.mjs PORT PID LOAD WORK: see run. Times of others are compared with their own before, in the same run.
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { promisify } from 'node:util'
const [port, pid, load, work] = process.argv.slice(2), base = `http://127.0.0.1:${port}`
const run = promisify(execFile), wait = (ms) => new Promise((r) => setTimeout(r, ms))
const wrong = []
const must = (yes, words) => { if (!yes) wrong.push(words) }
const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
const signIn = await fetch(base + '/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: base }, body: JSON.stringify({ login: 'duty', password: 'anlan-demo' }) })
const cookie = signIn.headers.getSetCookie()[0].split(';')[0]
writeFileSync(`${work}/list`, '/api/v1/tickets?limit=50\n')
// Somebody works: one after another, so that what is measured is the wait and not the load that the worker makes himself.
async function p99(times = 5) {
  const all = []
  for (let i = 0; i < times; ++i) all.push(JSON.parse((await run(load, [port, '2', '2000', 'GET', `${work}/list`, `Cookie: ${cookie}`])).stdout).p99_ms)
  return all.sort((a, b) => a - b)[times >> 1]
}
const connect = (greeting) => new Promise((done) => {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1' })
  socket.on('error', () => done(null))
  socket.on('connect', () => { if (greeting) socket.write(greeting); done(socket) })
})
const healthz = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`
const before = await p99(), small = memory()

// Idle: each asked once, was answered, and stays.
const idle = []
for (let i = 0; i < 100; ++i) idle.push(...(await Promise.all(Array.from({ length: 100 }, () => connect(healthz)))))
must(idle.every(Boolean), 'not all of 10,000 clients were let in')
for (const s of idle) s?.resume()
// Slow: half send a header letter by letter, half ask for a list and take it by the byte.
const slow = await Promise.all(Array.from({ length: 1000 }, (_, i) => connect(i % 2 ? 'GET /api/v1/tic' : `GET /api/v1/tickets?limit=200 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nCookie: ${cookie}\r\n\r\n`)))
for (const [i, s] of slow.entries()) if (s && !(i % 2)) s.pause()
const drip = setInterval(() => { for (const [i, s] of slow.entries()) if (s && i % 2 && s.writable) s.write('k') }, 1000)
await wait(1500)
const held = await p99(), large = memory()
clearInterval(drip)
must(held <= 2 * before + 0.5, `those who work wait ${held} ms instead of ${before} ms beside 11,000 clients`)
must(large - small < 200, `11,000 clients cost ${Math.round(large - small)} MB`)
// Twelve thousand are the most: who comes beyond is told and closed, and those inside go on.
const beyond = await Promise.all(Array.from({ length: 1500 }, () => connect(healthz)))
await wait(500)
must((await fetch(base + '/healthz').then((r) => r.status).catch(() => 0)) !== 200 || beyond.some((s) => !s || s.destroyed || s.readableEnded), 'there is no bound on connections')
for (const s of [...idle, ...slow, ...beyond]) s?.destroy()
for (let i = 0; i < 100; ++i) { if ((await fetch(base + '/healthz', { headers: { Connection: 'close' } }).then((r) => r.status).catch(() => 0)) === 200) break; await wait(100) }

// What is no HTTP, or not quite. Answered with a refusal or closed, and nothing else happens.
const crooked = ['\r\n\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'G\0T / HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nHost x\r\n\r\n', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  `GET /${'a'.repeat(70000)} HTTP/1.1\r\nHost: a\r\n\r\n`, `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(20000)}\r\n`, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(200000)}\r\n\r\n`,
  'POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 'POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /api/v1/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n', 'POST /api/v1/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  'GET http://[::1 HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /..%2f..%2fetc/passwd HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']
for (const text of crooked) {
  const socket = await connect(text), got = []
  if (!socket) { wrong.push('no connection'); continue }
  socket.on('data', (d) => got.push(d))
  socket.end()
  await Promise.race([new Promise((r) => socket.on('close', r)), wait(12000)])
  must(socket.destroyed || socket.readableEnded, `left open: ${JSON.stringify(text.slice(0, 60))}`)
  const answer = Buffer.concat(got).toString('latin1'), statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => Number(m[1]))
  must(statuses.every((s) => (s >= 400 && s < 500) || s === 501 || s === 505 || (s === 200 && answer.includes('<div id="app"'))), `answered ${statuses}: ${JSON.stringify(text.slice(0, 60))}`)
  must(!/root:/.test(answer), 'a file of the machine was told')
  socket.destroy()
}
const post = (path, body, type = 'application/json') => fetch(base + path, { method: 'POST', headers: { 'Content-Type': type, Cookie: cookie, Origin: base }, body, duplex: 'half' }).then((r) => r.status).catch(() => 'closed')
const refused = (s) => s === 'closed' || (s >= 400 && s < 500)
for (const [what, body] of [['deep lists', '['.repeat(400000)], ['deep objects', '{"a":'.repeat(150000)], ['a long number', '1'.repeat(500000)], ['a key twice', '{"process":"incident","process":"change"}'], ['two values', '{}{}'], ['broken UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])], ['a lone surrogate', '"\\ud800"'], ['nothing', ''], ['too much', 'x'.repeat(3 << 20)]])
  must(refused(await post('/api/v1/tickets', body)), `${what} was taken`)
async function* endless() { for (;;) { yield new Uint8Array(65536); await wait(1) } }
must(refused(await post('/api/v1/tickets', endless())), 'an endless body was taken')

// A guesser: many at once, many names. Passwords are checked by a bounded pool, so nobody else waits.
let guesses = 0, stop = false
const guesser = async (n) => { while (!stop) { const s = await fetch(base + '/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json', Origin: base }, body: JSON.stringify({ login: n % 2 ? 'manager' : `nobody${guesses}`, password: 'p' + guesses }) }).then((r) => r.status).catch(() => 0); ++guesses; if (s === 200 || s >= 500 && s !== 503) wrong.push(`a guess was answered ${s}`); if (s === 429 || s === 503) await wait(20) } }
const all = Array.from({ length: 40 }, (_, n) => guesser(n))
await wait(1000)
const beside = await p99(3)
stop = true
await Promise.all(all)
must((await fetch(base + '/readyz').then((r) => r.status)) === 200, 'the server is not ready afterwards')
// Two cores are shared with the guessing pool: what may not happen is that those who work stand still.
must(beside < 100, `beside a guesser those who work wait ${beside} ms`)

// The control: who really asks for much is noticed by the same measurement.
let busy = true
const asking = Array.from({ length: 200 }, async () => { while (busy) await fetch(base + '/api/v1/tickets?limit=200', { headers: { Cookie: cookie } }).then((r) => r.arrayBuffer()).catch(() => 0) })
const crowded = await p99(1)
busy = false
await Promise.all(asking)
must(crowded > 2 * before + 0.5, `the control was not noticed: ${crowded} ms against ${before} ms`)
for (const one of wrong) console.log(one)
console.log(`hostile: p99 ${before} ms, beside 10,000 idle and 1,000 slow clients ${held} ms and ${Math.round(large - small)} MB more; ${crooked.length + 10} crooked requests refused; ${guesses} guesses, p99 beside them ${beside} ms; control ${crowded} ms`)
process.exit(wrong.length ? 1 : 0)
