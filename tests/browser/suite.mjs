// The UI as people meet it: an incident from opening to close, refusals, conflicts, every page in both languages, both
// themes and two widths, accessibility, and texts that try to be script.
import { chromium } from 'playwright-core'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import readWorkbook from 'read-excel-file/node'

const [base, ...rest] = process.argv.slice(2)
const screens = rest.includes('--screens')
const only = rest.filter((x) => !x.startsWith('--'))
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] })

const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }
async function open({ person = 'duty', size = 'wide', theme = 'light', language = 'zh', at = base } = {}) {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme: theme, locale: language === 'zh' ? 'zh-CN' : 'en-US' })
  await context.addInitScript((l) => localStorage.setItem('language', l), language)
  const page = await context.newPage()
  page.errors = []
  page.under = new Set()
  page.on('request', (r) => { if (!r.url().includes('/stream')) page.under.add(r) })
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (r) => page.under.delete(r))
  page.on('console', (m) => { // A page of records asks by a dry run whether one may write; 403 is that answer.
    if (m.type() === 'error' && !m.location().url.endsWith('/api/v1/import') && !/401 \(Unauthorized\)/.test(m.text())) page.errors.push(`${m.text()} ${m.location().url}`) })
  page.on('pageerror', (e) => page.errors.push(String(e)))
  page.on('dialog', async (d) => { page.errors.push('a dialog opened: ' + d.message()); await d.dismiss() })
  if (person) {
    await page.goto(at + '/signin')
    await page.locator('input').first().fill(person)
    await page.locator('input[type=password]').fill('anlan-demo')
    await page.keyboard.press('Enter')
    await page.waitForURL((u) => u.pathname === '/')
    await quiet(page)
  }
  page.api = async (method, path, body) => {
    const answer = await context.request.fetch(at + path, { method, data: body, headers: { 'X-Anlan-Request': '1', 'Content-Type': 'application/json' } })
    if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${await answer.text()}`)
    return answer.json()
  }
  return page
}
// Until no request is under way for a moment; the stream of events never ends and does not count.
async function quiet(page) {
  await page.waitForLoadState('load')
  for (let still = 0, turn = 0; still < 4 && turn < 150; ++turn) {
    await page.waitForTimeout(80)
    still = page.under.size ? 0 : still + 1
  }
}
const stop = (page) => page.context().close()
const must = (truth, words) => { if (!truth) throw new Error(words) }
const ago = (minutes) => new Date(Date.now() - minutes * 60000).toISOString()
const incident = (page, fields) => page.api('POST', '/api/v1/tickets', { process: 'incident', fields: { title: '测试出单变慢', system: 'OA', provinces: ['浙江'], scope: '附件', effect: 'degradation', occurred_at: ago(30), ...fields } })

// Presses a step of the ticket and fills its sheet: a text is typed, true and false press yes and no, {pick} presses the
// choice of that name.
async function step(page, name, fields = {}, { comment, refused } = {}) {
  await page.locator('main').getByRole('button', { name: new RegExp('^' + name) }).first().click()
  const sheet = page.locator('.actdrawer')
  await sheet.locator('form').waitFor()
  for (const [key, value] of Object.entries(fields)) {
    const cell = sheet.locator(`[data-field="${key}"]`)
    if (!(await cell.count())) await sheet.getByRole('button', { name: /▾$/ }).click()
    if (typeof value === 'boolean') await cell.locator('button:not(.mark)').nth(value ? 0 : 1).click()
    else if (value.pick) await cell.getByRole('button', { name: value.pick }).click()
    else await cell.locator('#a-' + key).fill(value)
  }
  if (comment) await sheet.locator('#a-comment').fill(comment)
  await sheet.locator('button[type=submit]').click()
  if (refused) {
    await sheet.getByText(refused).first().waitFor({ timeout: 5000 })
    return sheet
  }
  await sheet.locator('form').waitFor({ state: 'detached', timeout: 8000 })
}
const state = (page, word) => page.locator('main').getByText(word, { exact: true }).first().waitFor({ timeout: 8000 })

const tests = []
const test = (name, run) => tests.push({ name, run })

test('an incident from the workbench to closed, in Chinese', async () => {
  const page = await open()
  const ticket = await incident(page, { title: '浏览器里的一张单' })
  await page.goto(base + '/')
  await page.getByText('浏览器里的一张单').first().click()
  await page.waitForURL((u) => u.pathname.endsWith(ticket.number))
  await step(page, '接单')
  await state(page, '一线确认')
  await step(page, '确认事件', { basics_verified: true })
  await state(page, '事件处置')
  await step(page, '记进展', { log_kind: { pick: '举措' }, log_words: '重启附件服务' })
  await step(page, '业务已恢复', { cause: '内存泄漏', cause_status: { pick: '已查明并根治' }, solution: '重启并打补丁', solution_kind: { pick: '未动生产配置' }, recovered_at: '-5m' })
  await state(page, '恢复确认')
  await step(page, '核准事实', { verification: '已回访', verified_time: true, verified_symptom: true, verified_business: true, verified_scope: true })
  await step(page, '关单')
  await state(page, '已关闭')
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('a phone in English: accept and log', async () => {
  const page = await open({ size: 'phone', language: 'en' })
  const ticket = await incident(page, { title: 'Slow on the phone' })
  await page.goto(`${base}/t/${ticket.number}`)
  await step(page, 'Accept')
  await state(page, 'Triage')
  await step(page, 'Log progress', { log_kind: { pick: 'Analysis' }, log_words: 'looking' })
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('a refusal names its clause and is mended in the same sheet', async () => {
  const page = await open()
  const ticket = await incident(page, { title: '拒绝与补正' })
  await page.goto(`${base}/t/${ticket.number}`)
  await step(page, '接单')
  await state(page, '一线确认')
  const sheet = await step(page, '确认事件', {}, { refused: /先核实系统、范围、影响和时间/ })
  must(await sheet.getByText('9.1.5.2').count(), 'the clause is not named')
  await sheet.locator('[data-field="basics_verified"] button:not(.mark)').first().click()
  await sheet.locator('button[type=submit]').click()
  await sheet.locator('form').waitFor({ state: 'detached', timeout: 8000 })
  await state(page, '事件处置')
  await stop(page)
})

test('two people on one ticket: the second sees the conflict and loses nothing', async () => {
  const one = await open(), two = await open({ person: 'duty2' })
  const ticket = await incident(one, { title: '两人同改' })
  await one.goto(`${base}/t/${ticket.number}`)
  await one.locator('main').getByRole('button', { name: /^更新事实与影响/ }).first().click()
  const sheet = one.locator('.actdrawer')
  await sheet.locator('#a-scope').fill('我写的范围')
  await two.api('POST', `/api/v1/tickets/${ticket.number}/actions/update_facts`, { fields: { scope: '他写的范围' } })
  await sheet.locator('button[type=submit]').click()
  await sheet.locator('.conflict').waitFor({ timeout: 8000 })
  must((await sheet.locator('.conflict').innerText()).includes('他写的范围'), 'the other value is not shown')
  must((await sheet.locator('#a-scope').inputValue()) === '我写的范围', 'what was typed is gone')
  await stop(one); await stop(two)
})

test('people on one ticket see each other and who fills in what; both save and nothing is lost', async () => {
  const one = await open(), two = await open({ person: 'duty2', language: 'en' })
  const ticket = await incident(one, { title: '两人同在' })
  for (const page of [one, two]) { await page.goto(`${base}/t/${ticket.number}`); await page.locator('main h1').waitFor() }
  const face = (page, words) => page.locator('.faces').getByTitle(words, { exact: true })
  await face(one, '林守 正在看').waitFor({ timeout: 5000 })
  await face(two, '陈值 is looking').waitFor({ timeout: 5000 })
  const update = (page, words) => page.locator('main').getByRole('button', { name: words }).first().click()

  await update(two, /^Update facts/)
  const others = two.locator('.actdrawer'), sheet = one.locator('.actdrawer')
  await others.locator('#a-scope').fill('他写的范围')
  const line = one.locator('main').getByRole('status').getByText('林守 正在填“更新事实与影响”', { exact: true })
  await line.waitFor({ timeout: 5000 })
  await others.getByRole('button', { name: 'Cancel', exact: true }).click()
  await line.waitFor({ state: 'detached', timeout: 5000 })
  await face(one, '林守 正在看').waitFor({ timeout: 5000 })

  await update(two, /^Update facts/)
  await update(one, /^更新事实与影响/)
  await sheet.getByText('林守 正在填“更新事实与影响”', { exact: true }).waitFor({ timeout: 5000 })
  await others.getByText(/^陈值 is filling in “Update facts/).waitFor({ timeout: 5000 })
  must((await others.locator('#a-scope').inputValue()) === '他写的范围', 'the draft is gone')
  await sheet.locator('#a-scope').fill('我写的范围')
  await others.locator('button[type=submit]').click()
  await others.locator('form').waitFor({ state: 'detached', timeout: 8000 })
  await sheet.getByText(/正在填/).waitFor({ state: 'detached', timeout: 5000 })
  await sheet.locator('button[type=submit]').click()
  await sheet.locator('.conflict').waitFor({ timeout: 8000 })
  must((await sheet.locator('.conflict').innerText()).includes('他写的范围'), 'the other value is not shown')
  await sheet.locator('.conflict .side').last().click()
  await sheet.locator('.conflict > button').click()
  await sheet.locator('form').waitFor({ state: 'detached', timeout: 8000 })
  must((await one.api('GET', `/api/v1/tickets/${ticket.number}`)).fields.scope === '我写的范围', 'the choice did not hold')
  const log = JSON.stringify(await one.api('GET', `/api/v1/tickets/${ticket.number}/events`))
  must(log.includes('他写的范围') && log.includes('我写的范围'), 'the log lost one of both')

  await two.goto(base + '/tickets')
  await one.locator('.faces').waitFor({ state: 'detached', timeout: 8000 })
  await two.goto(`${base}/t/${ticket.number}`)
  await face(one, '林守 正在看').waitFor({ timeout: 5000 })
  await stop(two) // the window is shut
  await one.locator('.faces').waitFor({ state: 'detached', timeout: 8000 })
  await stop(one)
})

test('what another person does appears without a reload', async () => {
  const one = await open(), two = await open({ person: 'duty2' })
  const ticket = await incident(one, { title: '现场更新' })
  await one.goto(`${base}/t/${ticket.number}`)
  await state(one, '识别与报障')
  await two.api('POST', `/api/v1/tickets/${ticket.number}/actions/accept`, { fields: {} })
  await state(one, '一线确认')
  await stop(one); await stop(two)
})

const corpus = ['<script>alert(1)</script>', '"><img src=x onerror=alert(2)>', "javascript:alert(3)", '[a](javascript:alert(4))', '<svg/onload=alert(5)>', '{{constructor.constructor("alert(6)")()}}', '![x](x" onerror="alert(7))', '<iframe srcdoc="<script>alert(8)</script>">', '<a href="data:text/html,<script>alert(9)</script>">x</a>']
test('texts that would be script stay texts', async () => {
  const page = await open()
  for (const text of corpus) {
    const ticket = await incident(page, { title: text, scope: text, symptom: text })
    await page.api('POST', `/api/v1/tickets/${ticket.number}/comments`, { text })
    await page.goto(`${base}/t/${ticket.number}`)
    await quiet(page)
    const bad = await page.evaluate(() => [...document.querySelectorAll('main script, main iframe, main [onerror], main [onload], main a[href^="javascript:"], main a[href^="data:"]')].length)
    must(bad === 0, `${text} became markup`)
  }
  await page.goto(base + '/tickets'); await quiet(page)
  await page.goto(base + '/'); await quiet(page)
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('what stands in a comment is found, from the palette too', async () => {
  const page = await open()
  const ticket = await incident(page, { title: '查找用的一张单' })
  await page.api('POST', `/api/v1/tickets/${ticket.number}/comments`, { text: '更换了光模块备件' })
  await page.waitForTimeout(900)
  await page.keyboard.press('Control+k')
  await page.locator('.palette input:focus').waitFor()
  await page.keyboard.type('光模块')
  await page.getByRole('option', { name: /在正文和评论里找“光模块”/ }).click()
  await page.waitForURL((u) => u.pathname === '/search')
  await page.locator('main').getByText('查找用的一张单').waitFor()
  await page.keyboard.press('Control+k')
  await page.locator('.palette input:focus').waitFor()
  await page.keyboard.type('linsh')
  await page.getByRole('option', { name: /林守/ }).waitFor()
  await page.keyboard.press('Escape')
  must((await page.locator('main mark').first().innerText()) === '光模块', 'the match is not marked')
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('a ticket on paper: light out of the dark theme, every fold open, no buttons, who printed it and when', async () => {
  const page = await open({ theme: 'dark' })
  const ticket = await incident(page, { title: '打印核对', scope: '两省全部网点' })
  await page.api('POST', `/api/v1/tickets/${ticket.number}/comments`, { text: '打印里的评论' })
  await page.goto(`${base}/t/${ticket.number}`)
  await quiet(page)
  must(await page.locator('main details:not([open])').count() > 0, 'nothing is folded: this test shows nothing')
  const paper = await page.evaluate(() => {
    window.dispatchEvent(new Event('beforeprint'))
    return { theme: document.documentElement.dataset.theme, folded: document.querySelectorAll('main details:not([open], .noprint)').length }
  })
  must(paper.theme === 'light' && paper.folded === 0, JSON.stringify(paper))
  await page.emulateMedia({ media: 'print' })
  const seen = await page.evaluate(() => document.body.innerText)
  for (const words of [ticket.number, '打印核对', '两省全部网点', '打印里的评论', '陈值 打印于 ', `/t/${ticket.number}`]) must(seen.includes(words), `the paper lacks ${words}`)
  for (const words of ['更新事实与影响', '工作台', '发送']) must(!seen.includes(words), `the paper shows ${words}`)
  await page.setViewportSize({ width: 690, height: 980 }) // the width of A4 between its margins
  must(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the paper is too narrow for what stands on it')
  await page.emulateMedia({ media: null })
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')))
  must(await page.evaluate(() => document.documentElement.dataset.theme) === 'dark' && await page.locator('main details:not([open])').count() > 0, 'the page is not as it was before')
  must((await page.pdf()).length > 20_000, 'no paper came')
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('a list leaves as a workbook: its rows, Chinese heads, times as times, a formula as text', async () => {
  const page = await open()
  for (const title of ['=1+1 导出核对', '+86 导出核对', '导出核对 <b>']) await incident(page, { title, occurred_at: ago(20) })
  const rows = async (path) => {
    await page.goto(base + path)
    await quiet(page)
    const [saved] = await Promise.all([page.waitForEvent('download'), page.locator('main').getByRole('button', { name: '导出 Excel', exact: true }).click()])
    must(/\.xlsx$/.test(saved.suggestedFilename()), 'it is called ' + saved.suggestedFilename())
    return readWorkbook(await saved.path())
  }
  const [tickets, about] = await rows('/tickets?q=' + encodeURIComponent('process:incident 导出核对'))
  must(tickets.data[0].slice(0, 4).join() === '编号,标题,流程,状态', 'the heads are ' + tickets.data[0])
  must(tickets.data.length === 4, `${tickets.data.length - 1} rows instead of 3`)
  must(tickets.data.some((r) => r[1] === '=1+1 导出核对') && tickets.data.some((r) => r[1] === '+86 导出核对') && tickets.data.some((r) => r[1] === '导出核对 <b>'), 'a title is not what it was: ' + tickets.data.map((r) => r[1]))
  const opened = tickets.data[0].indexOf('登记')
  // The library reads a serial as if it were universal time; the sheet shows the clock of the house.
  must(tickets.data.slice(1).every((r) => r[opened] instanceof Date && Math.abs(r[opened] - 8 * 3600e3 - Date.now()) < 600e3), `the times are not times: ${tickets.data[0]} ${tickets.data[1]}`)
  must(about.data.some((r) => r[1] === 'process:incident 导出核对') && about.data.some((r) => r[1] === 3), 'the second sheet does not say what the first holds: ' + JSON.stringify(about.data))
  must(tickets.data.slice(1).every((r) => r[tickets.data[0].indexOf('板块')] === '核心应用板块'), 'a board is shown by its id')
  const shown = (await page.api('GET', '/api/v1/records/system?limit=500')).items.length
  const [systems] = await rows('/records/system')
  must(systems.data.length === shown + 1, `${systems.data.length - 1} systems instead of ${shown}`)
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

// Tab until the element with the focus is the one meant, as a person without a mouse does.
async function tabTo(page, words, inside = 'body') {
  for (let n = 0; n < 160; ++n) {
    await page.keyboard.press('Tab')
    const here = await page.evaluate((inside) => {
      const e = document.activeElement
      if (!e || !e.closest(inside)) return null
      const ring = getComputedStyle(e)
      const named = e.getAttribute('aria-label') || (e.labels?.[0]?.innerText ?? '') || e.innerText || ''
      return { words: named.trim(), seen: ring.outlineStyle !== 'none' || ring.boxShadow !== 'none' || !!e.closest('.el-input, .el-textarea, .el-select') }
    }, inside)
    if (here && words.test(here.words)) {
      must(here.seen, `the focus on ${here.words} is not to be seen`)
      return
    }
  }
  throw new Error(`Tab never came to ${words}`)
}
test('an incident to its close by keyboard alone', async () => {
  const page = await open()
  const ticket = await incident(page, { title: '只用键盘的一张单' })
  const key = (...keys) => keys.reduce((all, k) => all.then(() => page.keyboard.press(k)), Promise.resolve())
  const type = (words) => page.keyboard.type(words)
  const press = async (words, inside) => { await tabTo(page, words, inside); await key('Enter') }
  const gone = () => page.locator('.actdrawer form').waitFor({ state: 'detached', timeout: 8000 })
  // The number into the palette, and there.
  await key('Control+k')
  await type(ticket.number)
  await page.waitForTimeout(500)
  await key('Enter')
  await page.waitForURL((u) => u.pathname.endsWith(ticket.number))
  await quiet(page)
  const send = (words) => press(words, '.actdrawer form')
  const act = async (words) => { await page.waitForTimeout(300); await press(words, 'main'); await page.locator('.actdrawer form').waitFor() }
  await act(/^接单/); await send(/^接单/); await gone()
  await state(page, '一线确认')
  await act(/^确认事件/)
  await tabTo(page, /^是$/, '.actdrawer [data-field="basics_verified"]'); await key('Space')
  await send(/^确认事件/); await gone()
  await state(page, '事件处置')
  await act(/^业务已恢复/)
  await tabTo(page, /^故障原因/, '.actdrawer'); await type('线程池耗尽')
  await tabTo(page, /^已查明并根治$/, '.actdrawer'); await key('Space')
  await tabTo(page, /^解决方案/, '.actdrawer'); await type('扩大线程池')
  await tabTo(page, /^未动生产配置$/, '.actdrawer'); await key('Space')
  await tabTo(page, /^恢复时间/, '.actdrawer'); await type('-5m')
  await send(/^业务已恢复/); await gone()
  await state(page, '恢复确认')
  await act(/^核准事实/)
  for (const field of ['verified_time', 'verified_symptom', 'verified_business', 'verified_scope']) { await tabTo(page, /^是$/, `.actdrawer [data-field="${field}"]`); await key('Space') }
  await tabTo(page, /^核实|^验证|^核准/, '.actdrawer [data-field="verification"]'); await type('已回访')
  await send(/^核准事实/); await gone()
  await act(/^关单/); await send(/^关单/); await gone()
  await state(page, '已关闭')
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

test('a visitor of the demonstration: one press, steps, and a status page without a login', async () => {
  const context = await browser.newContext({ viewport: sizes.wide })
  const page = await context.newPage()
  page.under = new Set()
  await page.goto(base + '/service-status')
  await page.getByText('核心承保系统：浙江、江苏业务中断').waitFor()
  await page.goto(base + '/signin')
  await page.getByRole('button', { name: '以值班工程师的身份登录' }).click()
  await page.waitForURL((u) => u.pathname === '/')
  await page.getByRole('button', { name: /打开正在发生的中断/ }).click()
  await page.waitForURL((u) => u.pathname.startsWith('/t/'))
  await page.getByText('浙江、江苏核心承保出单中断').first().waitFor()
  await page.goBack()
  await page.getByRole('button', { name: /打开正在发生的中断.*看过了/ }).waitFor()
  await page.getByRole('button', { name: '收起', exact: true }).click()
  await page.getByText('您可以先看这几处').waitFor({ state: 'detached' })
  await context.close()
})

// An installation without anybody, and the link that makes its first administrator.
async function empty() {
  const data = mkdtempSync(tmpdir() + '/anlan-')
  const server = spawn(process.env.ANLAN, ['serve', '--definitions', 'definitions', '--data', data, '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const link = await new Promise((resolve, reject) => {
    let said = ''
    server.stdout.on('data', (chunk) => { const found = (said += chunk).match(/http:\S+first-start#\S+/); if (found) resolve(found[0]) })
    server.on('exit', (code) => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  return { link, at: new URL(link).origin, end: async () => { const gone = new Promise((r) => server.once('exit', r)); server.kill(); await gone; rmSync(data, { recursive: true, force: true }) } }
}
test('an empty installation is set up from files: the wrong row is shown, mended, written, and an incident opened', async () => {
  const house = await empty()
  try {
    const page = await open({ person: null, at: house.at })
    await page.goto(house.link)
    for (const [id, value] of [['login', 'boss'], ['name', '沈管'], ['password', 'four calm green rivers']]) await page.locator('#' + id).fill(value)
    await page.locator('button[type=submit]').click()
    await page.getByRole('link', { name: '开始启用' }).click()
    await page.waitForURL((u) => u.pathname === '/setup')
    const drop = async (step, name, content) => {
      await page.locator('.step', { hasText: step }).click()
      await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.isBuffer(content) ? content : Buffer.from(content) })
    }
    const write = async (n) => {
      await page.getByRole('button', { name: `写入 ${n} 条` }).click()
      await page.getByText(`已写入：新增 ${n} 条，更改 0 条，无变化 0 条。`).waitFor({ timeout: 8000 })
    }
    await drop('机构与部门', '机构.csv', '名称,上级\n总公司,\n运维中心,总公司\n')
    await write(2)
    // As Chinese Excel writes it, with a column that is nobody's and one cell that is wrong.
    const people = (internal) => execFileSync('iconv', ['-f', 'UTF-8', '-t', 'GB18030'], { input: `登录名,姓名,本单位正式员工,部门,工龄\nwang,王经,是,运维中心,9\nchen,陈值,${internal},运维中心,3\ngong,龚开,是,运维中心,5\n` })
    await drop('人员', '人员.csv', people('可能'))
    const wrong = page.locator('.wrong tbody tr')
    await wrong.first().waitFor({ timeout: 8000 })
    must(await wrong.count() === 1 && /^\s*3\s+本单位正式员工\s+可能\s+“可能”不是“是”或“否”\s+写 是 或 否/.test(await wrong.innerText()), 'the mistake is not at its row and column: ' + await wrong.allInnerTexts())
    must(await page.getByRole('button', { name: /^写入/ }).isDisabled(), 'a file with a mistake may be written')
    must(await page.getByText('1 列没有对上').count(), 'the column that is nobody\'s is not shown')
    must((await page.api('GET', '/api/v1/records/person')).items.length === 1, 'something of it was written')
    await drop('人员', '人员.csv', people('是'))
    await write(3)
    await drop('运维板块', '板块.csv', 'id,名称,运维经理,类型\ncore,核心应用板块,王经,应用\n')
    await write(1)
    // What annex A keeps apart is said with both posts and its clause, also where the row before it is refused itself.
    const posts = (line, last) => `人员,岗位,板块,一线或二线\n王经,运维经理,核心应用板块,\n陈值,运维岗,核心应用板块,${line}\n${last}\n`
    await drop('岗位授予', '岗位.csv', posts(3, '陈值,开发岗,,'))
    await wrong.nth(1).waitFor({ timeout: 8000 })
    must(await wrong.count() === 2 && /^\s*3\s+一线或二线\s+3\s+只能填 1/.test(await wrong.first().innerText()), 'the refusals are not placed: ' + await wrong.allInnerTexts())
    const clash = await wrong.nth(1).innerText()
    for (const said of ['4', '岗位', '“开发岗”', '“运维岗”', 'A.2']) must(clash.includes(said), `the refusal does not say ${said}: ${clash}`)
    await drop('岗位授予', '岗位.csv', posts(1, '龚开,开发岗,,'))
    await write(3)
    await drop('信息系统与服务时段', '系统.csv', '编号,名称,运维板块,是否重要信息系统,业务服务时段（日历）,状态\nCORE,核心承保系统,核心应用板块,是,service_hours_default,在用\n')
    await write(1)
    await drop('值班', '值班.csv', '板块,一线或二线,值班人,开始,结束\n核心应用板块,1,陈值,2020-01-01,2099-12-31 08:00\n')
    await write(1)
    // What stands comes back as a workbook and changes nothing.
    await page.locator('.step', { hasText: '一次导入全部' }).click()
    const [saved] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '下载含现有记录的表' }).click()])
    await page.locator('input[type=file]').setInputFiles({ name: 'all.xlsx', mimeType: 'application/octet-stream', buffer: readFileSync(await saved.path()) })
    await page.getByText('内容与现有记录完全一致').waitFor({ timeout: 8000 })
    await page.locator('.step', { hasText: '工作日历' }).click()
    await page.getByText(/中国大陆法定节假日与调休，已知至 \d{4}-12-31/).waitFor()

    const invited = await page.api('POST', '/api/v1/people/chen/invitation')
    const duty = await open({ person: null, at: house.at })
    await duty.goto(house.at + invited.path)
    for (const id of ['password', 'repeated']) await duty.locator('#' + id).fill('six quiet brown bridges')
    await duty.locator('button[type=submit]').click()
    await duty.waitForURL((u) => u.pathname === '/')
    const ticket = await incident(duty, { system: 'CORE', title: '新建系统上的第一张单' })
    await duty.goto(`${house.at}/t/${ticket.number}`)
    await duty.locator('main').getByText('核心承保系统').first().waitFor({ timeout: 8000 })
    must(ticket.holder === 'chen', 'the incident is not with whoever is on duty: ' + ticket.holder)
    page.errors.push(...duty.errors)
    must(!page.errors.length, page.errors.join('\n'))
    await stop(page); await stop(duty)
  } finally { await house.end() }
})

const places = [['workbench', '/'], ['tickets', '/tickets'], ['ticket', '/t/'], ['new', '/new/incident'], ['search', '/search?text=%E6%A0%B8%E5%BF%83'], ['alerts', '/alerts'], ['notices', '/notices'], ['processes', '/processes'], ['process', '/processes/incident'], ['clauses', '/clauses'], ['plans', '/plans'], ['people', '/people'], ['parameters', '/parameters'], ['registers', '/records'], ['systems', '/records/system'], ['system', '/records/system/CORE-POLICY'], ['desk', '/desk'], ['status', '/status'], ['setup', '/setup'], ['components', '/components']]
async function visit(page, path) {
  let address = path
  if (path === '/t/') address += (await page.api('GET', '/api/v1/tickets?q=' + encodeURIComponent('state:line2') + '&limit=1')).items[0].number
  await page.goto(base + address)
  await quiet(page)
  await page.locator('main').waitFor()
}
for (const language of ['zh', 'en'])
  for (const size of ['wide', 'phone'])
    for (const theme of ['light', 'dark'])
      test(`every page: ${language}, ${size}, ${theme}`, async () => {
        const page = await open({ person: 'manager', language, size, theme })
        const wrong = []
        for (const [name, path] of places) {
          await visit(page, path)
          const found = await page.evaluate((english) => {
            const out = []
            if (document.documentElement.scrollWidth > innerWidth) out.push('is wider than the window')
            const text = document.body.innerText
            const key = text.match(/(^|\s)(nav|form|ticket|list|desk|alerts?|people|records?|presence|process|plans?|session|setup|signin|notices?|palette|search|visit|parts|export|setup)\.[a-z_]+(\s|$)/m)
            if (key) out.push('shows the key ' + key[0].trim())
            for (const b of document.querySelectorAll('button')) if (b.scrollWidth > b.clientWidth + 1 && getComputedStyle(b).overflow !== 'visible' && b.innerText.trim()) out.push('clips ' + JSON.stringify(b.innerText.slice(0, 20)))
            if (english) for (const el of document.querySelectorAll('nav a, main h2, main label, main th, footer button')) if (/[\u4e00-\u9fff]/.test(el.innerText) && !el.closest('[lang=zh]')) out.push('has Chinese in ' + JSON.stringify(el.innerText.slice(0, 20)))
            return out
          }, language === 'en' && name !== 'ticket')
          for (const w of found) wrong.push(`${name} ${w}`)
          await page.evaluate(axe)
          const report = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
          for (const v of report.violations) if (v.impact === 'serious' || v.impact === 'critical') wrong.push(`${name}: axe ${v.id} at ${v.nodes[0].target.join(' ')}`)
          if (screens) {
            mkdirSync('docs/screens', { recursive: true })
            const cdp = await page.context().newCDPSession(page)
            const { data } = await cdp.send('Page.captureScreenshot', { format: 'webp', quality: 70 })
            writeFileSync(`docs/screens/${name}-${size}-${theme}-${language}.webp`, Buffer.from(data, 'base64'))
          }
        }
        for (const e of page.errors) wrong.push('console: ' + e)
        must(!wrong.length, wrong.join('\n      '))
        await stop(page)
      })

// The server keeps a text as it came, so what it answers is filled on the way to the page: each text of each field.
test('a text of any field of any process or register that would be script stays text', async () => {
  const page = await open({ person: 'manager' })
  const filled = (type, n) => {
    switch (type.kind) {
      case 'string': case 'text': return corpus[n % corpus.length]
      case 'list': return ['string', 'text'].includes(type.element.kind) ? [corpus[n % corpus.length], corpus[(n + 1) % corpus.length]] : undefined
      case 'table': return [Object.fromEntries(type.columns.map((c, i) => [c.key, filled(c.type, n + i)]).filter(([, v]) => v !== undefined))]
      default: return undefined
    }
  }
  let texts = 0
  const fill = (fields, defined) => defined.forEach((f, n) => { const v = filled(f.type, n); if (v !== undefined) { fields[f.key] = v; texts++ } })
  const tame = async (what) => {
    await quiet(page)
    const bad = await page.evaluate(() => {
      window.dispatchEvent(new Event('beforeprint')) // what is folded is looked at too
      return [...document.querySelectorAll('main script, main iframe, main [srcdoc], main [onerror], main [onload], main img[src="x"], main a[href^="javascript:"], main a[href^="data:"]')].map((e) => e.outerHTML.slice(0, 80))
    })
    must(!bad.length, `${what}: became markup: ${bad}`)
    must(await page.getByText('<script>alert(1)</script>').count() || await page.getByText('onerror=alert(2)').count() || await page.getByText('javascript:alert(3)').count(), `${what}: shows no text of the corpus`)
  }
  const { items: processes } = await page.api('GET', '/api/v1/processes')
  let shape = null
  await page.route('**/api/v1/tickets/*', async (route) => {
    const answer = await route.fetch(), body = await answer.json()
    fill(body.fields, shape.fields)
    body.title = corpus[1]
    await route.fulfill({ response: answer, json: body })
  })
  await page.route('**/api/v1/tickets/*/events', async (route) => {
    const answer = await route.fetch(), body = await answer.json()
    const patch = { fields: {} }
    fill(patch.fields, shape.fields)
    body.items.push({ ...body.items[0], position: 1e9, kind: 'ticket.acted', body: { patch, comment: corpus.join('\n\n'), reason: corpus[0], text: corpus.join('\n') } })
    await route.fulfill({ response: answer, json: body })
  })
  let seen = 0
  for (const { key } of processes) {
    shape = await page.api('GET', '/api/v1/processes/' + key)
    const [ticket] = (await page.api('GET', `/api/v1/tickets?limit=1&q=${encodeURIComponent('process:' + key)}`)).items
    if (!ticket) continue
    seen++
    await page.goto(`${base}/t/${ticket.number}`)
    await tame(key)
  }
  must(seen >= 4, `only ${seen} processes have a ticket`)
  const { items: registers } = await page.api('GET', '/api/v1/registers')
  let register = null
  await page.route('**/api/v1/records/*', async (route) => {
    const answer = await route.fetch()
    if (!answer.ok() || !route.request().url().includes('/records/' + register.key)) return route.fulfill({ response: answer })
    const body = await answer.json()
    for (const r of body.items ?? []) fill(r.fields, register.fields)
    await route.fulfill({ response: answer, json: body })
  })
  for (const r of registers) {
    if (!r.fields.some((f) => filled(f.type, 0) !== undefined) || r.key === 'parameter') continue
    const there = await page.api('GET', '/api/v1/records/' + r.key).catch(() => null)
    if (!there?.items.length) continue
    register = r
    seen++
    await page.goto(`${base}/records/${r.key}`)
    await tame(r.key)
  }
  must(seen >= 12 && texts > 200, `only ${seen} pages and ${texts} texts`)
  must(!page.errors.length, page.errors.join('\n'))
  await stop(page)
})

let passed = 0
const failed = []
for (const { name, run } of tests) {
  if (only.length && !only.some((o) => name.includes(o))) continue
  if (screens && !name.startsWith('every page')) continue // the pictures show the demonstration, not what tests write
  const began = Date.now()
  try {
    await run()
    passed++
    console.log(`ok      ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  } catch (error) {
    failed.push(name)
    console.log(`FAILED  ${name}\n      ${String(error.message ?? error).split('\n').slice(0, 40).join('\n')}`)
    let n = 0
    for (const context of browser.contexts()) for (const page of context.pages()) await page.screenshot({ path: `build/browser/${failed.length}-${++n}.png` }).catch(() => undefined)
  }
  for (const context of browser.contexts()) await context.close()
}
await browser.close()
console.log(`${passed} passed, ${failed.length} failed`)
process.exit(failed.length ? 1 : 0)
