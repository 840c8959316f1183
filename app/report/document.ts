// The document around a report: one HTML file that loads nothing, in English and Chinese, light and dark, readable
// without a script.

import { both, code, type Html, html, type Part, raw } from './html.ts'
import { script } from './script.ts'
import { style } from './style.ts'

interface Report {
  title: string
  /** Rules beside those of every report. */
  style: string
  header: Html
  main: Part
  /** The command that writes it. */
  madeBy: string
}

export const reportDocument = (report: Report): string =>
  String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style>${raw(style + report.style)}</style>
</head>
<body>
<div class="languages" role="radiogroup" aria-label="Language / 语言"><label><input type="radio" name="language" id="language-en" checked> English</label><label><input type="radio" name="language" id="language-zh"> <span>中文</span></label></div>
<header>
${report.header}
</header>
<main>
${report.main}
</main>
<footer>${both('Made by', '生成命令：')} ${code(report.madeBy)}</footer>
<script>${raw(script)}</script>
</body>
</html>
`)
