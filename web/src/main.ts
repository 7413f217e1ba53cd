import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-message.css'
import './shared/tokens.css'
import './shared/base.css'
import App from './app/App.vue'
import { i18n } from './app/i18n'
import { preparePaper } from './app/paper'
import { applyPreferences } from './app/preferences'
import { router } from './app/router'

applyPreferences()
preparePaper()
createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
