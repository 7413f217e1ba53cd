// Times of pages in Chromium against a running demonstration; called by bench/ui.
import { createRequire } from 'node:module'
const { chromium } = createRequire(new URL('../tests/browser/', import.meta.url))('playwright-core')
const base = process.argv[2]
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const say = (what, value, want, met) => console.log(`${what.padEnd(44)} ${value.padStart(12)}   want ${want.padEnd(12)} ${met ? 'met' : 'NOT met'}`)
async function signedIn() {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const answer = await context.request.post(base + '/api/v1/session', { data: { login: 'manager', password: 'anlan-demo' }, headers: { 'X-Anlan-Request': '1' } })
  if (!answer.ok()) throw new Error(await answer.text())
  return context
}
// Resolves in the page with the time since `from` at which the words stand and have been painted.
const painted = (page, selector, from = 0) => page.evaluate(({ selector, from }) => new Promise((done) => {
  const look = () => (document.querySelector(selector) ? requestAnimationFrame(() => done(performance.now() - from)) : setTimeout(look, 2))
  look()
}), { selector, from })

// First load: nothing cached, until the workbench shows its tickets.
const first = [], sizes = []
for (let i = 0; i < 5; ++i) {
  const context = await signedIn(), page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('Network.enable')
  let bytes = 0
  const kinds = new Map()
  cdp.on('Network.responseReceived', (r) => kinds.set(r.requestId, r.type))
  cdp.on('Network.loadingFinished', (r) => { if (['Script', 'Stylesheet', 'Document'].includes(kinds.get(r.requestId))) bytes += r.encodedDataLength })
  await page.goto(base + '/', { waitUntil: 'commit' })
  first.push(await painted(page, 'main .bench li a'))
  await page.waitForTimeout(400)
  sizes.push(bytes)
  await context.close()
}
say('first load of the workbench, nothing cached', `${median(first).toFixed(0)} ms`, '<= 1500 ms', median(first) <= 1500)
say('page, scripts and styles of it as they travel', `${(median(sizes) / 1024).toFixed(0)} KiB`, '<= 250 KiB', median(sizes) <= 250 * 1024)

// A ticket from the list, by a press; the first press also fetches the page's script.
const context = await signedIn(), page = await context.newPage()
await page.goto(base + '/tickets')
await painted(page, 'main .row .title a')
const numbers = await page.$$eval('main .row .title a', (all) => all.slice(0, 6).map((a) => a.getAttribute('href')))
const tickets = []
for (const href of numbers) {
  const from = await page.evaluate((href) => { const at = performance.now(); document.querySelector(`main .row .title a[href="${href}"]`).click(); return at }, href)
  tickets.push(await painted(page, '.actions button, main section .step, main .panel button.el-button', from))
  await page.waitForTimeout(300)
  await page.goBack()
  await painted(page, `main .row .title a[href="${numbers[numbers.length - 1]}"]`)
  await page.waitForTimeout(300)
}
say('ticket page from the list, first time', `${tickets[0].toFixed(0)} ms`, '', true)
say('ticket page from the list', `${median(tickets.slice(1)).toFixed(0)} ms`, '<= 150 ms', median(tickets.slice(1)) <= 150)

// Scrolling all tickets: how long the window of rows stays without words.
await page.goto(base + '/tickets?q=' + encodeURIComponent('state:closed'))
await painted(page, 'main .row .title a')
await page.waitForTimeout(500)
const scroll = await page.evaluate(() => new Promise((done) => {
  const box = document.querySelector('.rows')
  let blank = 0, worst = 0, since = performance.now(), frames = 0, longest = 0
  const began = since
  const step = () => {
    const now = performance.now()
    longest = Math.max(longest, now - since)
    const view = box.getBoundingClientRect()
    let seen = 0
    for (const row of box.querySelectorAll('.space .row')) { const r = row.getBoundingClientRect(); if (r.bottom > view.top + 40 && r.top < view.bottom && row.textContent.trim()) seen += Math.min(r.bottom, view.bottom) - Math.max(r.top, view.top + 40) }
    const full = seen >= (view.height - 40) * 0.9
    blank = full ? 0 : blank + (now - since)
    worst = Math.max(worst, blank)
    since = now
    frames++
    box.scrollTop += 240
    if (now - began < 10000) requestAnimationFrame(step); else done({ worst, frames, longest, rows: Math.round(box.scrollTop / 38) })
  }
  requestAnimationFrame(step)
}))
say(`list scrolled for 10 s (${scroll.rows} rows), longest blank`, `${scroll.worst.toFixed(0)} ms`, '<= 100 ms', scroll.worst <= 100)
say('    longest frame', `${scroll.longest.toFixed(0)} ms`, '', true)
await browser.close()
