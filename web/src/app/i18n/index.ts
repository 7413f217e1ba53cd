import { createI18n } from 'vue-i18n'
import { texts } from './texts'

type Messages = { [key: string]: string | Messages }
const side = (pairs: object, at: 0 | 1): Messages =>
  Object.fromEntries(Object.entries(pairs).map(([key, value]) => [key, Array.isArray(value) ? (value[at] as string) : side(value as object, at)]))

export const i18n = createI18n({ legacy: false, globalInjection: true, locale: 'zh', fallbackLocale: false, messages: { zh: side(texts, 0), en: side(texts, 1) } as never })
