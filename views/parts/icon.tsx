// Twenty-pixel line drawings. All are decoration: the words beside them say what they mean.
const paths = {
  camera: 'M3.5 6.5h3l1.2-2h4.6l1.2 2h3v9.5h-13zM10 13.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2z',
  image: 'M3 4h14v12H3zM3 13l4-4 4 4 2.5-2.5L17 14M12.8 8.2a.9.9 0 1 0 0-.1z',
  mic: 'M10 12.5a2.5 2.5 0 0 0 2.5-2.5V5a2.5 2.5 0 0 0-5 0v5a2.5 2.5 0 0 0 2.5 2.5zM5 9.5a5 5 0 0 0 10 0M10 14.5V18',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.5 1.5M14.2 14.2l1.5 1.5M4.3 15.7l1.5-1.5M14.2 5.8l1.5-1.5',
  moon: 'M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3z',
  system: 'M10 3.2a6.8 6.8 0 1 0 0 13.6zM10 3.2a6.8 6.8 0 0 1 0 13.6',
  expand: 'M12 3.5h4.5V8M8 16.5H3.5V12M16.5 3.5l-5 5M3.5 16.5l5-5',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.5l4 4 8-9',
  swap: 'M3.5 7h12M12 3.5L15.5 7 12 10.5M16.5 13h-12M8 9.5L4.5 13 8 16.5',
  right: 'M4 10h12M11 5l5 5-5 5',
  shuffle: 'M3 6h3.2l7.6 8H17M3 14h3.2l2.4-2.5M11.4 8.5L13.8 6H17M14.8 3.8L17 6l-2.2 2.2M14.8 11.8L17 14l-2.2 2.2',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  link: 'M8.5 11.5l3-3M9 6l1.6-1.6a3.5 3.5 0 0 1 5 5L14 11M11 14l-1.6 1.6a3.5 3.5 0 0 1-5-5L6 9',
  flag: 'M5 17V3.5h9.5l-2 3.5 2 3.5H5',
  download: 'M10 3v9.5M6 9l4 4 4-4M4 16.5h12',
} as const
export type IconName = keyof typeof paths

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)

/** Two sides, one line of sight. */
export const Logo = () => (
  <svg class="logo" viewBox="0 0 32 20" width="32" height="20" aria-hidden="true" focusable="false">
    <path class="logo-line" d="M11.5 10h9" />
    <circle class="logo-a" cx="6.5" cy="10" r="5" />
    <path class="logo-b" d="M25.5 4l6 6-6 6-6-6z" />
  </svg>
)
