import { type Category, categories } from './category.ts'

/** What kind of question it is: the tags its set gave it, else what its words say. Fixed rules, printed on `/method`; model labels never enter. */
export function categorise(question: string, tags: string[] = []): Category[] {
  const given = tags.filter((tag): tag is Category => (categories as readonly string[]).includes(tag))
  const heard = given.length > 0 ? [] : rules.filter(([, rule]) => rule.test(question)).map(([category]) => category)
  return [...new Set([...given, ...heard])].sort()
}

const rules: [Category, RegExp][] = [
  [
    'ocr',
    /\b(?:read|text|written|transcribe|says?|label|sign|total|receipt|caption|quote)\b|文字|写了什么|读出|识别|念/i,
  ],
  [
    'counting',
    /\bhow many\b|\bcount\b|\bnumber of\b|几[个只条艘头位张把辆本棵]|多少[个只条艘头位张把辆本棵人]?|数一数/i,
  ],
  ['chart', /\b(?:chart|graph|plot|axis|bar|trend|percentage)\b|图表|柱状图|折线|饼图/i],
  ['diagram', /\b(?:diagram|flow ?chart|circuit|schematic|floor plan|blueprint)\b|流程图|电路|示意图|平面图/i],
  ['pointing', /\bpoint (?:to|at|out)\b|\bwhere (?:is|are)\b|\blocate\b|\bbounding box|指出|在哪里|位置/i],
  ['describing', /\bdescribe\b|\bwhat(?:'s| is) (?:in|happening|going on)\b|\bcaption\b|描述|图里有什么|图中有什么/i],
  [
    'spatial',
    /\b(?:left|right|above|below|behind|in front|between|next to|closest|nearest)\b|左边|右边|上面|下面|后面|前面|之间/i,
  ],
  [
    'homework',
    /\b(?:solve|prove|calculate|equation|triangle|angle|theorem|homework|exercise)\b|解方程|证明|计算|作业|求/i,
  ],
  ['creative', /\b(?:write|compose|poem|story|haiku|slogan|song)\b|写一[首篇个]|作诗|故事|口号/i],
  ['humor', /\b(?:funny|joke|meme|humou?r|hilarious)\b|好笑|笑话|搞笑|梗/i],
  [
    'entity',
    /\b(?:who is|which (?:building|landmark|city|brand|species|bird|plant|painting|car)|identify the)\b|是谁|什么地方|什么品种|什么牌子/i,
  ],
  [
    'coding',
    /(?<!\b(?:qr|bar|area|zip|post|dress)[ -]?)\bcode\b|\b(?:html|css|python|javascript|typescript|regex|sql|latex)\b|代码|编程/i,
  ],
  ['document', /\b(?:document|invoice|form|page|table|contract|letter)\b|文件|发票|表格|合同/i],
  ['knowledge', /\b(?:why|history|explain|meaning|origin|invented|when was)\b|为什么|历史|解释|来历/i],
]

/** BCP-47 of the question by its script and commonest words; `und` rather than a guess. */
export function languageOf(text: string): string {
  if (/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text)) return 'ja'
  if (/\p{Script=Hangul}/u.test(text)) return 'ko'
  if (/\p{Script=Han}/u.test(text)) return 'zh'
  if (/\p{Script=Arabic}/u.test(text)) return 'ar'
  if (/\p{Script=Cyrillic}/u.test(text)) return 'ru'
  if (/\p{Script=Devanagari}/u.test(text)) return 'hi'
  if (/\p{Script=Thai}/u.test(text)) return 'th'
  if (/\p{Script=Hebrew}/u.test(text)) return 'he'
  if (/\p{Script=Greek}/u.test(text)) return 'el'
  const words = new Set(text.toLowerCase().match(/\p{L}+/gu) ?? [])
  let best = 'und'
  let most = 0
  for (const [language, common] of Object.entries(commonWords)) {
    const hits = common.filter((word) => words.has(word)).length
    if (hits > most) [best, most] = [language, hits]
  }
  return best
}

const commonWords: Record<string, string[]> = {
  en: 'the is are what how this in of and to it you do does many where which who why that on there read describe'.split(
    ' ',
  ),
  fr: 'le la les est que quoi dans une des quel quelle combien où pourquoi sur ce cette'.split(' '),
  de: 'der die das ist was wie und ein eine wo welche warum auf im bild viele'.split(' '),
  es: 'el la los las es qué cuántos cuántas dónde por en una un esta este hay cuál'.split(' '),
  it: 'il lo gli è cosa quanti dove perché nella una questo questa che sono'.split(' '),
  pt: 'o os é que quantos onde por uma um esta este há qual não'.split(' '),
  nl: 'de het een is wat hoeveel waar waarom op deze dit welke'.split(' '),
}
