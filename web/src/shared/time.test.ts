import { describe, expect, it } from 'vitest'
import { full, milliseconds, readTime, short, span, wire } from './time'

const now = Date.parse('2026-03-02T03:10:30+08:00')

describe('what a hurried person types', () => {
  const cases: [string, string][] = [
    ['02:13', '2026-03-02 02:13'], ['0213', '2026-03-02 02:13'], ['2:13', '2026-03-02 02:13'], ['２'.replace('２', '2') + '：13', '2026-03-02 02:13'],
    ['昨天 23:10', '2026-03-01 23:10'], ['yesterday 2310', '2026-03-01 23:10'], ['-40m', '2026-03-02 02:30'], ['-2h', '2026-03-02 01:10'],
    ['-15', '2026-03-02 02:55'], ['3-1 9:00', '2026-03-01 09:00'], ['3月1日 9:00', '2026-03-01 09:00'], ['2025-12-31 23:59', '2025-12-31 23:59'], ['现在', '2026-03-02 03:10'],
  ]
  for (const [typed, meant] of cases) it(typed, () => expect(full(readTime(typed, now)!)).toBe(meant))
  for (const typed of ['', '25:00', '12:60', '13-1 9:00', '2-30 9:00', 'soon', '9']) it(`not understood: "${typed}"`, () => expect(readTime(typed, now)).toBeNull())
  it('travels with the zone of the house', () => expect(wire(readTime('0213', now)!)).toBe('2026-03-02T02:13:00+08:00'))
})

describe('durations', () => {
  it('reads what the API writes', () => {
    expect(milliseconds('3h59m33s752ms')).toBe(3 * 3600e3 + 59 * 60e3 + 33e3 + 752)
    expect(milliseconds('5ms')).toBe(5)
    expect(milliseconds(null)).toBeNull()
  })
  it('says two units at most', () => {
    expect(span(26 * 3600e3, 'zh')).toBe('1 天 2 小时')
    expect(span(3600e3 + 60e3, 'en')).toBe('1 h 1 min')
    expect(span(9 * 60e3 + 5e3, 'zh')).toBe('9 分 05 秒')
    expect(span(-45e3, 'zh')).toBe('45 秒')
  })
  it('leaves out what today makes plain', () => {
    const at = new Date(now)
    expect(short('2026-03-02T01:00:00+08:00', 'zh', at)).toBe('01:00')
    expect(short('2026-03-01T23:00:00+08:00', 'zh', at)).toBe('昨天 23:00')
    expect(short('2026-03-03T23:00:00+08:00', 'en', at)).toBe('tomorrow 23:00')
    expect(short('2026-01-03T23:00:00+08:00', 'en', at)).toBe('01-03 23:00')
  })
})
