import { defineStore } from 'pinia'
import { ref } from 'vue'
import { ApiError, get, post, put, remove, sessionBegins, sessionEnds } from '@/api/client'
import { forgetMaster } from '@/api/master'
import type { Me } from '@/api/shapes'
import { connect, disconnect } from '@/api/stream'
import { preferences } from './preferences'

export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const known = ref(false) // whether we have asked

  async function load() {
    try {
      me.value = await get<Me>('/api/v1/me')
      sessionBegins()
      connect()
    } catch (error) {
      me.value = null
      if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 403)) throw error
    } finally { known.value = true }
  }
  async function signIn(login: string, password: string) {
    await post('/api/v1/session', { login, password })
    const before = me.value?.id
    disconnect()
    await load()
    // Another person on the same page must not see what the first one had fetched.
    if (before && before !== me.value?.id) location.assign('/')
  }
  async function signOut() {
    await remove('/api/v1/session').catch(() => undefined)
    disconnect(); sessionEnds(); forgetMaster()
    me.value = null
  }
  async function chooseLanguage(language: 'zh' | 'en') {
    preferences.language = language
    if (me.value) await put('/api/v1/me', { language }).catch(() => undefined)
  }
  return { me, known, load, signIn, signOut, chooseLanguage }
})
