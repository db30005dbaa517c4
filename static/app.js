// What a browser adds to pages that already work as plain forms. No framework, no build: event listeners on the document, so that whatever htmx
// swaps in works at once. Nothing here writes HTML (Trusted Types would stop it).
;(() => {
  const find = (selector, root = document) => root.querySelector(selector)
  const all = (selector, root = document) => [...root.querySelectorAll(selector)]
  const on = (type, selector, act, options) =>
    document.addEventListener(
      type,
      (event) => {
        const element = event.target instanceof Element ? event.target.closest(selector) : null
        if (element) act(event, element)
      },
      options,
    )
  const status = (text) => {
    const line = find('#status')
    if (line) line.textContent = text
  }
  const isField = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName)) && !/^(checkbox|radio|button|submit)$/.test(element.type ?? '')
  const hovers = matchMedia('(hover: hover)')

  document.documentElement.classList.add('has-scripts')

  // ── Growing text fields
  const grow = (field) => {
    field.style.height = 'auto'
    field.style.height = `${field.scrollHeight + 2}px`
  }
  on('input', '[data-grow]', (_, field) => grow(field))
  const growAll = () => all('[data-grow]').forEach((field) => field.value && grow(field))

  // ── Theme at once; the form keeps it for later pages
  on('submit', 'form.preferences', (event) => {
    const theme = event.submitter?.dataset.themeNext
    if (theme) document.documentElement.dataset.theme = theme
  })

  // ── Offline bar, and votes that wait for the line
  const waiting = {
    key: 'sightline.waiting-vote',
    read() {
      try {
        return JSON.parse(localStorage.getItem(this.key) ?? 'null')
      } catch {
        return null
      }
    },
    write(vote) {
      try {
        if (vote) localStorage.setItem(this.key, JSON.stringify(vote))
        else localStorage.removeItem(this.key)
      } catch {
        // Private windows may refuse; the vote is then sent again from memory as long as the page is open.
      }
    },
  }
  let retryTimer
  const showLine = () => {
    const bar = find('#offline')
    if (bar) bar.hidden = navigator.onLine && !waiting.read()
  }
  async function sendWaiting() {
    clearTimeout(retryTimer)
    const vote = waiting.read()
    showLine()
    if (!vote) return
    try {
      // The same key each time: however often it arrives, it is one vote.
      const response = await fetch(vote.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
        body: vote.body,
      })
      if (response.status >= 500) throw new Error('not saved')
      waiting.write(null)
      showLine()
      if (vote.url.startsWith(location.pathname)) location.reload()
    } catch {
      retryTimer = setTimeout(sendWaiting, 2500)
    }
  }
  addEventListener('online', sendWaiting)
  addEventListener('offline', showLine)
  document.addEventListener('htmx:error', (event) => {
    const source = event.detail?.ctx?.sourceElement
    const form = source instanceof Element ? source.closest('form.vote') : null
    if (!form) return
    const outcome = event.detail.ctx.request?.submitter?.value ?? lastOutcome
    if (!outcome) return
    const fields = new FormData(form)
    fields.set('outcome', outcome)
    waiting.write({ url: form.getAttribute('action'), body: new URLSearchParams([...fields]).toString() })
    status(document.body.dataset.savedOnDevice ?? find('#offline')?.textContent ?? '')
    form.classList.add('is-waiting')
    showLine()
    clearTimeout(retryTimer)
    retryTimer = setTimeout(sendWaiting, 2500)
  })
  let lastOutcome = null
  on('click', 'form.vote button[name=outcome]', (_, button) => {
    lastOutcome = button.value
  })

  // ── Composer
  const composer = () => find('form#composer')
  const draftKey = 'sightline.draft'
  const uploads = new Map() // <li> -> { id, request }

  function saveDraft() {
    const question = find('#prompt')
    if (question && composer()) sessionStorage.setItem(draftKey, question.value)
  }
  function restoreDraft() {
    const question = find('#prompt')
    if (!question || !composer()) return
    const kept = sessionStorage.getItem(draftKey)
    if (question.value === '' && kept) question.value = kept
  }
  on('input', '#prompt', saveDraft)

  async function scaled(file) {
    const edgeMax = 2048
    if (file.size < 1_500_000 || file.type === 'image/png') return file
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
      const factor = Math.min(1, edgeMax / Math.max(bitmap.width, bitmap.height))
      if (factor === 1 && file.size < 4_000_000) return file
      const canvas = new OffscreenCanvas(Math.round(bitmap.width * factor), Math.round(bitmap.height * factor))
      canvas.getContext('2d').drawImage(bitmap, 0, 0, canvas.width, canvas.height)
      bitmap.close()
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })
      return blob.size < file.size ? new File([blob], file.name, { type: 'image/jpeg' }) : file
    } catch {
      return file
    }
  }

  const showImageError = (text) => {
    const place = find('#image-error')
    if (!place) return
    place.textContent = ''
    if (!text) return
    const line = document.createElement('p')
    line.setAttribute('role', 'alert')
    line.textContent = text
    place.append(line)
  }

  function addImages(files) {
    const form = composer()
    if (!form) return
    const max = Number(form.dataset.imagesMax) || 1
    form.querySelector('input[name=prompt_id]')?.remove()
    showImageError('')
    for (const file of files) {
      const list = find('#thumbs')
      if (list.children.length >= max) {
        if (max > 1) break
        list.lastElementChild.querySelector('[data-remove]')?.click()
      }
      addImage(file, list)
    }
  }

  async function addImage(file, list) {
    const item = find('#thumb-template').content.firstElementChild.cloneNode(true)
    const picture = find('[data-thumb]', item)
    const progress = find('[data-progress]', item)
    const address = URL.createObjectURL(file)
    picture.src = address
    picture.addEventListener('load', () => URL.revokeObjectURL(address), { once: true })
    list.append(item)
    find('#well').classList.add('has-images')
    const entry = { id: null, request: null }
    uploads.set(item, entry)
    showSending()
    const body = new FormData()
    body.set('image', await scaled(file))
    body.set('csrf', find('input[name=csrf]', composer()).value)
    const request = new XMLHttpRequest()
    entry.request = request
    request.open('POST', '/images')
    request.setRequestHeader('Accept', 'application/json')
    request.responseType = 'json'
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable) progress.value = event.loaded / event.total
    })
    request.addEventListener('loadend', () => {
      if (!item.isConnected) return
      if (request.status === 201) {
        entry.id = request.response.id
        const field = document.createElement('input')
        field.type = 'hidden'
        field.name = 'image_id'
        field.value = entry.id
        item.append(field)
        progress.remove()
        const size = find('[data-thumb-size]', item)
        if (size) size.textContent = `${request.response.width} × ${request.response.height}`
        // The token belongs to the voter that this upload made.
      } else {
        remove(item)
        showImageError(request.response?.error?.message ?? find('#offline')?.textContent ?? '')
      }
      showSending()
    })
    request.send(body)
  }

  function remove(item) {
    uploads.get(item)?.request?.abort()
    uploads.delete(item)
    item.remove()
    if (find('#thumbs')?.children.length === 0) find('#well')?.classList.remove('has-images')
    composer()?.querySelector('input[name=prompt_id]')?.remove()
    showSending()
  }
  on('click', '[data-remove]', (_, button) => remove(button.closest('li')))

  const isUploading = () => [...uploads.values()].some((entry) => entry.id === null)
  let sendWhenUploaded = false
  function showSending() {
    const button = find('#compare')
    if (!button) return
    button.textContent = isUploading() ? button.dataset.wordsUploading : button.dataset.words
    if (sendWhenUploaded && !isUploading()) {
      sendWhenUploaded = false
      if (find('#thumbs').children.length > 0) composer().requestSubmit(button)
    }
  }

  on('change', '#image, #camera', (_, input) => {
    addImages([...input.files])
    input.value = ''
  })
  on('click', '[data-prompt-chip]', (_, chip) => {
    const question = find('#prompt')
    if (question) question.value = chip.dataset.text
  })
  on('submit', 'form#composer', (event, form) => {
    if (isUploading()) {
      event.preventDefault()
      sendWhenUploaded = true
      return
    }
    if (form.classList.contains('is-sent')) return event.preventDefault()
    form.classList.add('is-sent')
    sessionStorage.removeItem(draftKey)
  })
  // Back from the battle: the form may be sent again, with a key of its own.
  addEventListener('pageshow', (event) => {
    composer()?.classList.remove('is-sent')
    if (event.persisted) location.reload()
  })

  let dragDepth = 0
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files')
  addEventListener('dragenter', (event) => {
    if (!composer() || !hasFiles(event)) return
    dragDepth++
    find('#well').classList.add('is-over')
  })
  addEventListener('dragleave', () => {
    if (!composer()) return
    dragDepth = Math.max(0, dragDepth - 1)
    if (dragDepth === 0) find('#well').classList.remove('is-over')
  })
  addEventListener('dragover', (event) => {
    if (composer() && hasFiles(event)) event.preventDefault()
  })
  addEventListener('drop', (event) => {
    if (!composer() || !hasFiles(event)) return
    event.preventDefault()
    dragDepth = 0
    find('#well').classList.remove('is-over')
    addImages([...event.dataTransfer.files].filter((file) => file.type.startsWith('image/') || file.type === ''))
  })
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith('image/'))
    if (!composer() || files.length === 0) return
    event.preventDefault()
    addImages(files)
  })

  // Enter sends where there is a keyboard; Shift+Enter is a new line; an input method's Enter chooses a word.
  on('keydown', '[data-question]', (event, field) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || !hovers.matches) return
    event.preventDefault()
    field.form?.requestSubmit(find('#compare', field.form) ?? undefined)
  })

  // ── Dictation: by the operator's endpoint where the page names one, else by the browser, where it can
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition
  const speechPath = document.body.dataset.speech
  const canRecord = speechPath !== undefined && window.MediaRecorder !== undefined && navigator.mediaDevices !== undefined
  const recordingMsMax = 120_000
  let listening = null
  const showDictation = () => {
    if (canRecord || Recognition) all('.needs-speech').forEach((button) => (button.hidden = false))
  }
  on('click', '[data-dictate]', (_, button) => {
    if (listening) return listening.stop()
    if (!canRecord && !Recognition) return
    const note = find('#speech-note')
    if (note) note.hidden = false
    const field = find(`[name=${CSS.escape(button.dataset.dictate)}]`, button.closest('form')) ?? find(`#${button.dataset.dictate}`)
    if (!field) return
    if (canRecord) record(button, field)
    else recognise(button, field)
  })
  function heardIn(field) {
    const method = find('input[name=input_method]', field.form)
    if (method) method.value = 'spoken'
    field.dispatchEvent(new Event('change', { bubbles: true }))
  }
  function recognise(button, field) {
    const before = field.value ? `${field.value.trimEnd()} ` : ''
    listening = new Recognition()
    listening.lang = document.documentElement.lang || navigator.language
    listening.interimResults = true
    if ('processLocally' in listening) listening.processLocally = true
    listening.onresult = (event) => {
      field.value = before + [...event.results].map((result) => result[0].transcript).join('')
      field.classList.toggle('is-interim', ![...event.results].every((result) => result.isFinal))
      grow(field)
    }
    listening.onend = () => {
      listening = null
      button.classList.remove('is-listening')
      field.classList.remove('is-interim')
      heardIn(field)
    }
    button.classList.add('is-listening')
    listening.start()
  }
  async function record(button, field) {
    let stream
    // Until the microphone is there a second tap changes nothing.
    listening = { stop: () => undefined }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true })
    } catch {
      // No microphone, or not allowed: the field can be typed in.
      listening = null
      return
    }
    const recorder = new MediaRecorder(stream)
    const pieces = []
    listening = recorder
    recorder.ondataavailable = ({ data }) => pieces.push(data)
    recorder.onstop = async () => {
      listening = null
      stream.getTracks().forEach((track) => track.stop())
      button.classList.remove('is-listening')
      button.setAttribute('aria-busy', 'true')
      try {
        const body = new FormData()
        body.set('csrf', find('input[name=csrf]', field.form).value)
        body.set('audio', new Blob(pieces, { type: recorder.mimeType }), 'question')
        const response = await fetch(speechPath, { method: 'POST', body, headers: { Accept: 'application/json' } })
        const told = await response.json()
        if (!response.ok) return tellSpeech(told.error?.message)
        if (!told.text) return
        field.value = (field.value ? `${field.value.trimEnd()} ` : '') + told.text
        grow(field)
        heardIn(field)
      } catch {
        // Offline: what was typed before is untouched.
      } finally {
        button.removeAttribute('aria-busy')
      }
    }
    button.classList.add('is-listening')
    recorder.start()
    setTimeout(() => recorder.state !== 'inactive' && recorder.stop(), recordingMsMax)
  }
  function tellSpeech(sentence) {
    const line = find('#speech-note') ?? find('#status')
    if (line && sentence) line.textContent = sentence
  }

  // ── Battle: marks and chips
  const marksOf = (chip) =>
    chip.dataset.marks.split(' ').flatMap((n) => all(`.mark[data-side="${chip.dataset.side}"][data-turn="${chip.dataset.turn}"][data-mark="${n}"]`))
  const chipsOf = (mark) =>
    all(`.chip[data-side="${mark.dataset.side}"][data-turn="${mark.dataset.turn}"]`).filter((chip) => chip.dataset.marks?.split(' ').includes(mark.dataset.mark))
  let pinned = null
  function light(chips, marks) {
    all('.mark.on, .chip.on').forEach((one) => one.classList.remove('on'))
    all('.picture.has-on').forEach((one) => one.classList.remove('has-on'))
    for (const one of [...chips, ...marks]) one.classList.add('on')
    for (const mark of marks) mark.closest('.picture')?.classList.add('has-on')
  }
  const lightPinned = () => (pinned?.isConnected ? (pinned.matches('.chip') ? light([pinned], marksOf(pinned)) : light(chipsOf(pinned), [pinned])) : light([], []))
  const lightChip = (_, chip) => chip.dataset.marks && light([chip], marksOf(chip))
  const lightMark = (_, mark) => light(chipsOf(mark), [mark])
  on('mouseover', '.chip[data-marks]', lightChip)
  on('focusin', '.chip[data-marks]', lightChip)
  on('mouseout', '.chip[data-marks], .mark', lightPinned)
  on('focusout', '.chip[data-marks]', lightPinned)
  on('mouseover', '.mark', lightMark)
  const pin = (element) => {
    pinned = pinned === element ? null : element
    all('.pinned').forEach((one) => one.classList.remove('pinned'))
    if (pinned) pinned.classList.add('pinned')
    lightPinned()
  }
  on('click', '.chip[data-marks]', (_, chip) => {
    pin(chip)
    const [mark] = marksOf(chip)
    const box = mark?.getBoundingClientRect()
    if (box && (box.bottom < 0 || box.top > innerHeight)) mark.closest('.picture').scrollIntoView({ block: 'center' })
  })
  on('click', '.mark', (event, mark) => {
    event.preventDefault()
    event.stopPropagation()
    pin(mark)
    const [chip] = chipsOf(mark)
    chip?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  })

  // ── Battle: the image viewer
  const viewer = () => find('#viewer')
  let opener = null
  let zoom = { scale: 1, x: 0, y: 0 }
  const pointers = new Map()
  function openViewer(number, from) {
    const dialog = viewer()
    const picture = find(`.picture[data-image="${number}"]`)
    if (!dialog || !picture) return
    opener = from
    const stage = find('#viewer-stage', dialog)
    const sheet = document.createElement('div')
    sheet.className = 'viewer-sheet'
    const copy = find('img', picture).cloneNode()
    const marks = find('.marks', picture).cloneNode(true)
    marks.removeAttribute('id')
    sheet.append(copy, marks)
    stage.replaceChildren(sheet)
    dialog.showModal()
    fit()
  }
  const sheetOf = () => find('.viewer-sheet', viewer())
  const paint = () => {
    const sheet = sheetOf()
    if (sheet) sheet.style.transform = `translate(${zoom.x}px, ${zoom.y}px) scale(${zoom.scale})`
  }
  function fit() {
    const stage = find('#viewer-stage', viewer())
    const picture = find('img', stage)
    const scale = Math.min(stage.clientWidth / picture.width, stage.clientHeight / picture.height, 1)
    zoom = { scale, x: (stage.clientWidth - picture.width * scale) / 2, y: (stage.clientHeight - picture.height * scale) / 2 }
    paint()
  }
  function zoomTo(scale, cx, cy) {
    const stage = find('#viewer-stage', viewer())
    const [px, py] = [cx ?? stage.clientWidth / 2, cy ?? stage.clientHeight / 2]
    const next = Math.min(8, Math.max(0.05, scale))
    zoom.x = px - ((px - zoom.x) * next) / zoom.scale
    zoom.y = py - ((py - zoom.y) * next) / zoom.scale
    zoom.scale = next
    paint()
  }
  on('click', '[data-viewer-open]', (event, link) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    openViewer(link.dataset.viewerOpen, link)
  })
  on('click', '[data-viewer]', (_, button) => {
    const act = button.dataset.viewer
    if (act === 'fit') fit()
    else if (act === 'full') zoomTo(1)
    else zoomTo(zoom.scale * (act === 'in' ? 1.4 : 1 / 1.4))
  })
  on('wheel', '#viewer-stage', (event, stage) => {
    event.preventDefault()
    const box = stage.getBoundingClientRect()
    zoomTo(zoom.scale * Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top)
  }, { passive: false })
  on('pointerdown', '#viewer-stage', (event, stage) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    stage.setPointerCapture(event.pointerId)
  })
  on('pointermove', '#viewer-stage', (event, stage) => {
    const last = pointers.get(event.pointerId)
    if (!last) return
    const now = { x: event.clientX, y: event.clientY }
    if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
      const distance = (one) => Math.hypot(one.x - other.x, one.y - other.y)
      const box = stage.getBoundingClientRect()
      zoomTo((zoom.scale * distance(now)) / Math.max(1, distance(last)), (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top)
    } else {
      zoom.x += now.x - last.x
      zoom.y += now.y - last.y
      paint()
    }
    pointers.set(event.pointerId, now)
  })
  for (const type of ['pointerup', 'pointercancel']) on(type, '#viewer-stage', (event) => pointers.delete(event.pointerId))
  document.addEventListener(
    'close',
    (event) => {
      if (event.target !== viewer()) return
      find('#viewer-stage').replaceChildren()
      opener?.focus()
    },
    true,
  )
  addEventListener('resize', () => viewer()?.open && fit())

  // ── Filters, charts and commands
  on('change', 'form[data-submits-itself]', (_, form) => form.requestSubmit())
  const copyText = async (text, button) => {
    await navigator.clipboard.writeText(text)
    button.classList.add('is-done')
    setTimeout(() => button.classList.remove('is-done'), 1500)
  }
  on('click', '[data-copy-text]', (_, button) => copyText(button.dataset.copyText, button))
  on('click', '[data-download-svg]', (_, button) => {
    const drawing = find(`#${CSS.escape(button.dataset.downloadSvg)} svg`)
    if (!drawing) return
    // The file stands alone: what the style sheet says of each shape is written into it.
    const copy = drawing.cloneNode(true)
    const [from, to] = [all('*', drawing), all('*', copy)]
    for (const [i, shape] of from.entries()) {
      const style = getComputedStyle(shape)
      for (const name of ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-family', 'font-weight', 'opacity'])
        to[i].setAttribute(name, style.getPropertyValue(name))
    }
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }))
    link.download = `${button.dataset.downloadSvg}.svg`
    link.click()
    URL.revokeObjectURL(link.href)
  })

  // ── Battle: reading aids
  on('click', '[data-copy]', (_, button) => {
    const code = button.closest('.code')?.querySelector('code')?.textContent
    if (code !== undefined) copyText(code, button)
  })
  on('click', '[data-jump]', (event, link) => {
    const pane = find(`#pane-${link.dataset.jump}`)
    if (!pane) return
    event.preventDefault()
    pane.scrollIntoView({ block: 'nearest', inline: 'center' })
  })
  on('focusin', '[data-select]', (_, field) => field.select())
  on('click', '[data-swap]', (event) => {
    const [a, b] = [find('#compare-a'), find('#compare-b')]
    if (!a || !b) return
    event.preventDefault()
    ;[a.value, b.value] = [b.value, a.value]
  })
  let scrolling = null
  document.addEventListener(
    'scroll',
    (event) => {
      if (!find('#scroll-together')?.checked || !(event.target instanceof Element)) return
      const own = /^([ab])-body$/.exec(event.target.id)
      if (!own || (scrolling && scrolling !== event.target)) return
      scrolling = event.target
      const other = find(`#${own[1] === 'a' ? 'b' : 'a'}-body`)
      const reach = event.target.scrollHeight - event.target.clientHeight
      if (other && reach > 0) other.scrollTop = (event.target.scrollTop / reach) * (other.scrollHeight - other.clientHeight)
      requestAnimationFrame(() => (scrolling = null))
    },
    true,
  )
  // Somebody who wants less motion gets whole answers; they can turn the stream on.
  const restTogether = () => {
    const box = find('#together')
    if (box && matchMedia('(prefers-reduced-motion: reduce)').matches) box.checked = true
  }

  // ── Battle: whatever becomes of the stream, a page that shows a running battle asks until it is over. One watch, however often parts are swapped in.
  const heardAt = new WeakMap() // #stream -> when it last said something; absent before its first word and once it has ended or failed
  document.addEventListener('htmx:sse:after:message', (event) => heardAt.set(event.target, performance.now()))
  for (const type of ['htmx:sse:close', 'htmx:sse:error']) document.addEventListener(type, (event) => heardAt.delete(event.target))
  const [lookMs, deafMs, quietMs] = [2000, 4000, 15_000]
  let watch = null
  function watchStream() {
    if (watch === null && find('#stream')) watch = setTimeout(look, deafMs)
  }
  function look() {
    watch = null
    const stream = find('#stream')
    if (!stream) return
    const at = heardAt.get(stream)
    const isDue = at === undefined || performance.now() - at > quietMs
    if (isDue && !document.hidden && navigator.onLine) {
      if (at !== undefined) heardAt.set(stream, performance.now())
      htmx.ajax('GET', location.pathname, { source: stream.closest('[data-refresh]'), target: '#battle', swap: 'outerMorph' })
    }
    watch = setTimeout(look, lookMs)
  }

  // ── Focus goes where the answer to an action is
  document.addEventListener('htmx:after:swap', () => {
    const place = find('[data-focus]')
    if (place) {
      place.removeAttribute('data-focus')
      place.focus({ preventScroll: false })
    }
    settle()
  })
  function settle() {
    growAll()
    showDictation()
    restTogether()
    watchStream()
  }

  // ── Keys
  const keysOn = () => {
    try {
      return localStorage.getItem('sightline.keys') !== 'no'
    } catch {
      return true
    }
  }
  on('change', '#keys-on', (_, box) => {
    try {
      localStorage.setItem('sightline.keys', box.checked ? 'yes' : 'no')
    } catch {
      // Then it holds for this page only.
    }
  })
  on('click', '[data-keys-open]', () => find('#keys')?.showModal())
  let isAfterG = false
  const places = { b: '/', l: '/leaderboard', m: '/me' }
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      listening?.stop()
      if (pinned) pin(pinned)
      return
    }
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || listening || !keysOn()) return
    if (viewer()?.open) return viewerKey(event)
    if (find('dialog[open]')) return
    if (isAfterG) {
      isAfterG = false
      if (places[event.key]) location.href = places[event.key]
      return
    }
    if (event.key === 'g') {
      isAfterG = true
      setTimeout(() => (isAfterG = false), 1500)
      return
    }
    if (event.key === '?') return find('#keys')?.showModal()
    if (event.key === '/') {
      const question = all('[data-question]').find((field) => field.offsetParent)
      if (!question) return
      event.preventDefault()
      return question.focus()
    }
    if (event.key === 'i') return find('[data-viewer-open]')?.click()
    // Enter on a button or link is that button or link.
    if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('a, button, summary, label')) return
    const target = find(`[data-key="${CSS.escape(event.key)}"]`)
    if (!target || target.disabled) return
    event.preventDefault()
    target.click()
  })
  function viewerKey(event) {
    const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key]
    if (step) {
      zoom.x += step[0]
      zoom.y += step[1]
      paint()
    } else if (event.key === '+' || event.key === '=') zoomTo(zoom.scale * 1.4)
    else if (event.key === '-') zoomTo(zoom.scale / 1.4)
    else if (event.key === '0') fit()
    else return
    event.preventDefault()
  }

  function start() {
    restoreDraft()
    const box = find('#keys-on')
    if (box) box.checked = keysOn()
    showLine()
    settle()
    sendWaiting()
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
})()
