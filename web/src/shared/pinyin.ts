// Whether a Chinese text is meant by what is typed in Latin letters: full pinyin, initials, or a mix ("lin", "ls", "lins").
// The dictionary is fetched when it is first needed.
type Match = (text: string, typed: string, options: { precision: 'start'; continuous: true; lastPrecision: 'start' }) => number[] | null
let match: Match | null = null
let asked: Promise<void> | null = null
export const loadPinyin = () => (asked ??= import('pinyin-pro').then((m) => { match = m.match as Match }).catch(() => { asked = null }))
export const soundsLike = (text: string, typed: string) => !!match && /^[a-z]+$/.test(typed) && !!match(text, typed, { precision: 'start', continuous: true, lastPrecision: 'start' })
