/** Pictures for a model: dropped, chosen, pasted, taken by the camera, or one of the examples. */

import { byId, draw, make } from './dom.js';

const SENT_AS_IT_IS = 2 * 2 ** 20;
const READABLE = ['image/jpeg', 'image/png'];
const LONGEST_SIDE = 1280;

/** The place where a picture goes in. */
export class PictureInput {
  /**
   * @param {object} description the model's; its `pictures` are examples: `{jpeg, label}`
   * @param {(picture: {base64: string, label: ?string}) => void} given is handed each picture
   * @param {(problem: string) => void} failed is told why something could not be one
   */
  constructor(description, given, failed) {
    this.given = given;
    this.failed = failed;
    this.examples = description.pictures ?? [];
    this.element = this.build();
  }

  build() {
    this.file = make('input', {
      type: 'file',
      accept: 'image/*',
      class: 'unseen',
      tabindex: -1,
      'aria-label': 'Picture',
      onchange: () => this.take(this.file.files[0]),
    });
    this.capture = make('input', {
      type: 'file',
      accept: 'image/*',
      capture: 'environment',
      class: 'unseen',
      tabindex: -1,
      'aria-label': 'Picture from the camera',
      onchange: () => this.take(this.capture.files[0]),
    });
    this.preview = make('img', { alt: '', hidden: true });
    this.hint = make(
      'div',
      { class: 'hint' },
      icon(),
      make('p', {}, 'Drop a picture here'),
      make('p', { class: 'about' }, 'or paste one; it is only sent to this server'),
    );
    this.zone = make(
      'div',
      {
        class: 'zone',
        ondragover: (event) => {
          event.preventDefault();
          this.zone.classList.add('over');
        },
        ondragleave: () => this.zone.classList.remove('over'),
        ondrop: (event) => this.drop(event),
        onclick: () => this.file.click(),
      },
      this.preview,
      this.hint,
    );
    document.addEventListener('paste', (event) => {
      const file = [...(event.clipboardData?.files ?? [])][0];
      if (file) this.take(file);
    });
    return make(
      'div',
      { class: 'picture' },
      this.zone,
      make(
        'div',
        { class: 'actions' },
        this.file,
        this.capture,
        make(
          'button',
          { type: 'button', class: 'primary', onclick: () => this.file.click() },
          'Choose a picture',
        ),
        make('button', { type: 'button', onclick: () => this.photograph() }, 'Use the camera'),
      ),
      this.thumbnails(),
    );
  }

  thumbnails() {
    if (!this.examples.length) return null;
    const buttons = this.examples.map(({ jpeg, label }) => {
      const source = `data:image/jpeg;base64,${jpeg}`;
      return make(
        'button',
        {
          type: 'button',
          class: 'thumbnail',
          'aria-pressed': 'false',
          onclick: (event) => this.show(source, jpeg, label, event.currentTarget),
        },
        make('img', { src: source, alt: '' }),
        make('span', {}, label ?? 'example'),
      );
    });
    this.buttons = buttons;
    return make(
      'div',
      { class: 'thumbnails', role: 'group', 'aria-label': 'Examples' },
      ...buttons,
    );
  }

  /** Begin with the first example, where there is one. */
  start() {
    this.buttons?.[0]?.click();
  }

  drop(event) {
    event.preventDefault();
    this.zone.classList.remove('over');
    this.take(event.dataTransfer.files[0]);
  }

  async take(file) {
    if (!file) return;
    this.file.value = '';
    this.capture.value = '';
    try {
      const blob = await prepared(file);
      const base64 = await encoded(blob);
      this.show(`data:${blob.type};base64,${base64}`, base64, null, null);
    } catch {
      this.failed(`${file.name || 'This'} is not a picture that this browser can read.`);
    }
  }

  show(source, base64, label, button) {
    for (const other of this.buttons ?? []) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    this.preview.src = source;
    this.preview.alt = label ? `Example: ${label}` : 'Your picture';
    this.preview.hidden = false;
    this.hint.hidden = true;
    this.given({ base64, label });
  }

  async photograph() {
    const isTouch = matchMedia('(pointer: coarse)').matches;
    if (isTouch || !navigator.mediaDevices?.getUserMedia) {
      this.capture.click();
      return;
    }
    try {
      const blob = await photograph();
      if (blob) await this.take(new File([blob], 'photo.jpg', { type: 'image/jpeg' }));
    } catch (error) {
      this.failed(
        error.name === 'NotAllowedError'
          ? 'The browser was not allowed to use the camera.'
          : 'No camera was found.',
      );
    }
  }
}

/** Show what the camera sees until a picture is taken; null if it was not. */
async function photograph() {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: 'environment' },
  });
  const dialog = byId('camera');
  const video = dialog.querySelector('video');
  video.srcObject = stream;
  dialog.showModal();
  const done = await new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(null), { once: true });
    for (const button of dialog.querySelectorAll('button')) {
      button.onclick = () => resolve(button.dataset.do);
    }
  });
  try {
    return done === 'take' ? await drawn(video, video.videoWidth, video.videoHeight) : null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    dialog.close();
  }
}

/** Return a file as it is, or as a smaller JPEG where it is large or of a rarer kind. */
async function prepared(file) {
  const bitmap = await createImageBitmap(file);
  if (READABLE.includes(file.type) && file.size <= SENT_AS_IT_IS) return file;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  return drawn(bitmap, Math.round(bitmap.width * scale), Math.round(bitmap.height * scale));
}

function drawn(source, width, height) {
  const canvas = make('canvas', { width, height });
  canvas.getContext('2d').drawImage(source, 0, 0, width, height);
  return new Promise((resolve) => {
    canvas.toBlob(resolve, 'image/jpeg', 0.92);
  });
}

function encoded(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.split(',', 2)[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

function icon() {
  return draw(
    'svg',
    { viewBox: '0 0 48 48', class: 'icon', 'aria-hidden': 'true' },
    draw('rect', { x: 6, y: 9, width: 36, height: 30, rx: 4 }),
    draw('circle', { cx: 17, cy: 19, r: 3.5 }),
    draw('path', { d: 'm8 35 11-10 7 6 6-5 8 8' }),
  );
}
