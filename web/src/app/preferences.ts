// What a person prefers on this machine: language, theme, what the rail shows.
import { reactive, watch } from 'vue'
import { i18n } from './i18n'

type Theme = 'auto' | 'light' | 'dark'
const stored = (key: string) => { try { return localStorage.getItem(key) } catch { return null } }
const store = (key: string, value: string) => { try { localStorage.setItem(key, value) } catch { /* a locked-down browser: kept until the page closes */ } }

export const preferences = reactive({
  language: (stored('language') === 'en' ? 'en' : 'zh') as 'zh' | 'en',
  theme: (['light', 'dark'].includes(stored('theme') ?? '') ? stored('theme') : 'auto') as Theme,
  narrow: stored('rail') === 'narrow',
})

const dark = matchMedia('(prefers-color-scheme: dark)')
export function applyPreferences() {
  const root = document.documentElement
  const apply = () => {
    i18n.global.locale.value = preferences.language
    root.lang = preferences.language === 'zh' ? 'zh-CN' : 'en'
    root.dataset.theme = preferences.theme === 'auto' ? (dark.matches ? 'dark' : 'light') : preferences.theme
  }
  apply()
  dark.addEventListener('change', apply)
  watch(preferences, () => {
    store('language', preferences.language)
    store('theme', preferences.theme)
    store('rail', preferences.narrow ? 'narrow' : 'wide')
    apply()
  })
}
