// The script of every report: the language to start with, and which block's heads are shown. Without it, all heads are.

export const script = `
const zh = document.getElementById('language-zh')
const en = document.getElementById('language-en')
const setLanguage = () => { document.documentElement.lang = zh.checked ? 'zh-CN' : 'en' }
if (/^zh/i.test(navigator.language)) zh.checked = true
for (const choice of [zh, en]) choice.addEventListener('change', setLanguage)
setLanguage()
for (const blocks of document.querySelectorAll('.blocks')) {
  const slider = blocks.querySelector('input[type=range]')
  if (!slider) continue
  const select = (index) => {
    slider.value = index
    blocks.querySelector('output').textContent = index
    for (const button of blocks.querySelectorAll('[data-block]')) button.setAttribute('aria-pressed', String(button.dataset.block === String(index)))
    for (const heads of blocks.querySelectorAll('[data-heads]')) heads.hidden = heads.dataset.heads !== String(index)
  }
  slider.addEventListener('input', () => select(slider.value))
  for (const button of blocks.querySelectorAll('[data-block]')) button.addEventListener('click', () => select(button.dataset.block))
  select(slider.value)
}
for (const original of document.querySelectorAll('.original[data-mode=shortest]')) {
  const image = original.querySelector('img')
  const frame = () => {
    const { naturalWidth: width, naturalHeight: height } = image
    const side = original.dataset.resized === 'none' ? Number(original.dataset.size) : Math.min(width, height) * original.dataset.size / original.dataset.resized
    const box = original.querySelector('i')
    box.style.cssText = 'display:block;width:' + 100 * side / width + '%;height:' + 100 * side / height + '%;left:' + 50 * (1 - side / width) + '%;top:' + 50 * (1 - side / height) + '%'
  }
  if (image.complete) frame()
  else image.addEventListener('load', frame)
}
addEventListener('beforeprint', () => { for (const details of document.querySelectorAll('details')) details.open = true })
`
