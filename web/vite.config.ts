import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import vue from '@vitejs/plugin-vue'
import Components from 'unplugin-vue-components/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { defineConfig, type Plugin } from 'vite'

// Beside each text file lies its gzip form; the server sends it to browsers that take it and compresses nothing itself.
// (Brotli would be a little smaller, but browsers take it over TLS only.)
function compressed(): Plugin {
  const walk = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name)
      return statSync(path).isDirectory() ? walk(path) : [path]
    })
  return {
    name: 'compressed',
    apply: 'build',
    closeBundle() {
      for (const path of walk(fileURLToPath(new URL('./dist', import.meta.url)))) {
        if (!/\.(js|css|svg|html)$/.test(path)) continue
        const bytes = readFileSync(path)
        if (bytes.length < 512) continue
        writeFileSync(path + '.gz', gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

// While developing, the API is that of a running server.
const server = process.env.ANLAN ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [
    vue(),
    Components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css', directives: false })] }),
    compressed(),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the content security policy allows no data: addresses
    cssCodeSplit: true,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: Object.fromEntries(['/api', '/openapi.json'].map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }])) },
})
