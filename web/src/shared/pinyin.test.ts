import { describe, expect, it } from 'vitest'
import { loadPinyin, soundsLike } from './pinyin'

describe('pinyin', () => {
  it('matches full pinyin, initials and a mix, and nothing else', async () => {
    expect(soundsLike('林守', 'ls')).toBe(false) // not loaded yet
    await loadPinyin()
    for (const typed of ['ls', 'linshou', 'lins', 'lshou', 'lin', 'shou']) expect(soundsLike('林守', typed), typed).toBe(true)
    expect(soundsLike('核心承保系统', 'hxcb')).toBe(true)
    for (const typed of ['lw', 'xyz', '林', '']) expect(soundsLike('林守', typed), typed).toBe(false)
  })
})
