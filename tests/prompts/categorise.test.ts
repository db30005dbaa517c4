import { describe, expect, test } from 'vitest'
import { categorise, languageOf } from '../../src/prompts/categorise.ts'

test.each([
  ['How many boats are on the lake?', 'counting'],
  ['Read the text on the sign.', 'ocr'],
  ['Which bar of the chart is the highest?', 'chart'],
  ['Point to the red mug.', 'pointing'],
  ['Describe this image.', 'describing'],
  ['What is left of the lamp?', 'spatial'],
  ['Solve the equation.', 'homework'],
  ['Write a poem about it.', 'creative'],
  ['Why is this funny?', 'humor'],
  ['Turn this sketch into HTML.', 'coding'],
  ['图里有几只猫？', 'counting'],
  ['路牌上写了什么？', 'ocr'],
])('%s is about %s', (question, category) => expect(categorise(question)).toContain(category))

test('a QR code is no programming', () => expect(categorise('Where is the QR code?')).not.toContain('coding'))
test('the tags of a set come before what the words say', () =>
  expect(categorise('How many are there?', ['diagram', 'unknown-tag'])).toEqual(['diagram']))
test('a question without a hint is in no category', () => expect(categorise('Hm?')).toEqual([]))

describe('language', () => {
  test.each([
    ['What is in the picture?', 'en'],
    ['Combien de bateaux y a-t-il sur le lac ?', 'fr'],
    ['Was ist auf dem Bild?', 'de'],
    ['¿Cuántos barcos hay en el lago?', 'es'],
    ['这张图里有什么？', 'zh'],
    ['これは何ですか', 'ja'],
    ['이것은 무엇입니까', 'ko'],
    ['Что на картинке?', 'ru'],
    ['12345', 'und'],
  ])('%s is %s', (question, language) => expect(languageOf(question)).toBe(language))
})
