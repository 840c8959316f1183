// The page's script: the language at first, and which block's heads are shown. Without it all are.

export const script = `
const zh = document.getElementById('language-zh')
const en = document.getElementById('language-en')
const tell = () => { document.documentElement.lang = zh.checked ? 'zh-CN' : 'en' }
if (/^zh/i.test(navigator.language)) zh.checked = true
for (const choice of [zh, en]) choice.addEventListener('change', tell)
tell()
for (const blocks of document.querySelectorAll('.blocks')) {
  const slider = blocks.querySelector('input[type=range]')
  if (!slider) continue
  const pick = (index) => {
    slider.value = index
    blocks.querySelector('output').textContent = index
    for (const button of blocks.querySelectorAll('[data-block]')) button.setAttribute('aria-pressed', String(button.dataset.block === String(index)))
    for (const heads of blocks.querySelectorAll('[data-heads]')) heads.hidden = heads.dataset.heads !== String(index)
  }
  slider.addEventListener('input', () => pick(slider.value))
  for (const button of blocks.querySelectorAll('[data-block]')) button.addEventListener('click', () => pick(button.dataset.block))
  pick(slider.value)
}
for (const whole of document.querySelectorAll('.whole[data-mode=shortest]')) {
  const image = whole.querySelector('img')
  const frame = () => {
    const { naturalWidth: width, naturalHeight: height } = image
    const side = whole.dataset.resized === 'none' ? Number(whole.dataset.size) : Math.min(width, height) * whole.dataset.size / whole.dataset.resized
    const box = whole.querySelector('i')
    box.style.cssText = 'display:block;width:' + 100 * side / width + '%;height:' + 100 * side / height + '%;left:' + 50 * (1 - side / width) + '%;top:' + 50 * (1 - side / height) + '%'
  }
  if (image.complete) frame()
  else image.addEventListener('load', frame)
}
addEventListener('beforeprint', () => { for (const details of document.querySelectorAll('details')) details.open = true })
`
