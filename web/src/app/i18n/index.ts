import { createI18n } from 'vue-i18n'
import { zh } from './zh'
import { en } from './en'

export const i18n = createI18n({ legacy: false, globalInjection: true, locale: 'zh', fallbackLocale: false, messages: { zh, en }, missingWarn: true })
