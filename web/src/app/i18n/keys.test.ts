// Every text that a page asks for exists in both languages, and says the same things in both.
import { describe, expect, it } from 'vitest'
import { i18n } from './index'

import.meta.glob('../../features/*/texts.ts', { eager: true })
const sources = import.meta.glob(['../../**/*.vue', '../../**/*.ts', '!../../**/*.test.ts'], { query: '?raw', import: 'default', eager: true }) as Record<string, string>

type Tree = { [key: string]: Tree | string }
const flat = (tree: Tree, before = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[before + key, value] as [string, string]] : flat(value, `${before}${key}.`)))
const zh = new Map(flat(i18n.global.getLocaleMessage('zh') as Tree)), en = new Map(flat(i18n.global.getLocaleMessage('en') as Tree))

describe('texts', () => {
  it('exist where pages ask for them', () => {
    const missing: string[] = []
    for (const [file, source] of Object.entries(sources))
      for (const match of source.matchAll(/(?<![\w$.])\$?t\(\s*'([a-z][\w.]*[\w])'\s*[,)]/g))
        if (!zh.has(match[1]!)) missing.push(`${file}: ${match[1]}`)
    expect(missing).toEqual([])
  })
  it('are filled in both languages with the same places', () => {
    const odd: string[] = []
    const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join()
    for (const [key, text] of zh) {
      const other = en.get(key)
      if (!text || !other || places(text) !== places(other)) odd.push(key)
    }
    expect(odd).toEqual([])
    expect([...en.keys()].filter((key) => !zh.has(key))).toEqual([])
  })
})
