// Draws the seed images and writes static/seeds. Run by a developer, never at start-up: the files are shipped, because
// a host without a CJK font would draw Chinese as boxes.
//
//   npx tsx src/cli/draw-seeds.ts [--out static/seeds] [--only cafe-receipt] [--sheet contact.png]
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { prepareZXingModule, writeBarcode } from 'zxing-wasm/writer'

type Words = { en: string; zh: string }
type Question = { id: string; text: Words; reference: Words; needs_image: true; tags: string[] }
type Seed = {
  id: string
  title: Words
  tags: string[]
  width: number
  height: number
  kind: 'jpg' | 'png'
  questions: Question[]
  /** SVG of the whole image, or a PNG when paper was laid into a scene with perspective. */
  draw: () => string | Promise<Buffer>
}
type Corner = readonly [x: number, y: number]

const families = ['Inter', 'Liberation Serif', 'DejaVu Sans', 'DejaVu Sans Mono', 'Klee One', 'Noto Sans CJK SC']
const bytesMax = 2_000_000

async function main() {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, only: { type: 'string' }, sheet: { type: 'string' } },
  })
  const out = values.out ?? fileURLToPath(new URL('../../static/seeds', import.meta.url))
  refuseWithoutFonts()
  loadBarcodeWriter()
  mkdirSync(out, { recursive: true })

  const images = []
  let bytes = 0
  for (const seed of seeds) {
    const file = `${seed.id}.${seed.kind}`
    if (!values.only || values.only === seed.id) writeFileSync(join(out, file), await encoded(seed))
    bytes += readFileSync(join(out, file)).length
    const { id, title, width, height, tags, questions } = seed
    images.push({ id, file, title, width, height, tags, questions })
  }
  if (bytes > bytesMax) throw new Error(`the seed images weigh ${bytes} bytes; the limit is ${bytesMax}`)
  const source = 'drawn by code: src/cli/draw-seeds.ts'
  writeFileSync(join(out, 'seeds.json'), `${JSON.stringify({ license: 'CC0-1.0', source, images }, null, 2)}\n`)
  if (values.sheet) await contactSheet(out, values.sheet)
  console.error(`${images.length} images, ${bytes} bytes, in ${out}`)
}

function refuseWithoutFonts() {
  const installed = execFileSync('fc-list', [':', 'family'], { encoding: 'utf8' })
  const missing = families.filter((family) => !installed.includes(family))
  if (missing.length > 0) throw new Error(`install these fonts before drawing: ${missing.join(', ')}`)
}

// Left alone, the writer would fetch its wasm from a CDN.
function loadBarcodeWriter() {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('zxing-wasm/writer/zxing_writer.wasm'))
  prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(wasm).buffer } })
}

async function encoded(seed: Seed): Promise<Buffer> {
  const drawn = await seed.draw()
  const image = sharp(typeof drawn === 'string' ? Buffer.from(drawn) : drawn).flatten({ background: '#ffffff' })
  return seed.kind === 'png'
    ? image.png({ palette: true, colours: 192, dither: 0, effort: 10, compressionLevel: 9 }).toBuffer()
    : image.jpeg({ quality: 80, mozjpeg: true, chromaSubsampling: '4:4:4' }).toBuffer()
}

async function contactSheet(folder: string, file: string) {
  const [columns, cell] = [4, 480]
  const tiles = await Promise.all(
    seeds.map(async (seed, index) => ({
      input: await sharp(join(folder, `${seed.id}.${seed.kind}`))
        .resize(cell - 16, cell - 16, { fit: 'contain', background: '#333' })
        .toBuffer(),
      left: (index % columns) * cell + 8,
      top: Math.floor(index / columns) * cell + 8,
    })),
  )
  const size = { width: columns * cell, height: Math.ceil(seeds.length / columns) * cell, channels: 3 as const }
  await sharp({ create: { ...size, background: '#333' } })
    .composite(tiles)
    .png()
    .toFile(file)
}

// ---- the set ----

const harvest = {
  Cox: [120, 145, 160, 98],
  Bramley: [210, 188, 175, 160],
  Russet: [64, 92, 130, 141],
  Jonagold: [150, 172, 149, 133],
  Discovery: [95, 61, 28, 12],
}
const repairs = {
  months: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'],
  before: [50, 45, 40, 60, 70, 80],
  now: [40, 30, 60, 75, 90, 65],
}
const climate = {
  Sandhaven: [26, 25, 23, 20, 16, 13, 12, 13, 16, 19, 22, 25],
  Northport: [2, 3, 7, 11, 15, 19, 22, 21, 17, 12, 7, 3],
}
const commute: [name: string, percent: number, fill: string][] = [
  ['Train', 35, '#1d5bb8'],
  ['Bicycle', 25, '#2f9e77'],
  ['Car', 20, '#e0a526'],
  ['On foot', 15, '#c8553d'],
  ['Bus', 5, '#7d6bb0'],
]
const receiptCode = 'HARBOUR LANE CAFE RECEIPT 2417'
const teaCode = ean13('200174280031')

const seeds: Seed[] = [
  {
    id: 'cafe-receipt',
    title: { en: 'Receipt on a café table', zh: '咖啡桌上的小票' },
    tags: ['ocr', 'document', 'code_reading', 'pointing'],
    width: 1050,
    height: 1400,
    kind: 'jpg',
    draw: drawReceipt,
    questions: [
      question(
        'cafe-receipt-total',
        ['ocr', 'document'],
        ['What was the total, and how much of it was the service charge?', '合计是多少？其中服务费是多少？'],
        [
          'The total is £27.39, of which £2.49 is the 10% service charge.',
          '合计 27.39 英镑，其中 10% 的服务费是 2.49 英镑。',
        ],
      ),
      question(
        'cafe-receipt-code',
        ['code_reading', 'pointing'],
        ['Where is the QR code, and what does it say?', '二维码在哪里？里面写了什么？'],
        [`At the bottom of the receipt. It holds the text "${receiptCode}".`, `在小票底部。内容是“${receiptCode}”。`],
      ),
      question(
        'cafe-receipt-drinks',
        ['ocr', 'document'],
        ['How many drinks were ordered, and of which kinds?', '一共点了几杯饮料？分别是什么？'],
        ['Five: two flat whites and three orange juices.', '五杯：两杯 flat white（澳白），三杯橙汁。'],
      ),
    ],
  },
  {
    id: 'lake-boats',
    title: { en: 'Sailing boats on a lake', zh: '湖上的帆船' },
    tags: ['counting', 'creative', 'pointing'],
    width: 1280,
    height: 900,
    kind: 'jpg',
    draw: drawLake,
    questions: [
      question(
        'lake-boats-count',
        ['counting', 'pointing'],
        ['How many boats are on the lake? Point to each one.', '湖上有几条船？请逐一指出。'],
        ['Seven boats.', '七条船。'],
      ),
      question(
        'lake-boats-red',
        ['counting'],
        [
          'How many boats have red sails, and what colours are the other sails?',
          '有几条船的帆是红色的？其他的帆是什么颜色？',
        ],
        [
          'Three have red sails; two are white, one is yellow, one is blue.',
          '三条是红帆；两条白帆，一条黄帆，一条蓝帆。',
        ],
      ),
      question(
        'lake-boats-poem',
        ['creative'],
        [
          'Write a four-line poem about this picture that names the right number of boats.',
          '为这幅画写一首四行小诗，诗里要说对船的数量。',
        ],
        ['There are seven boats, mountains behind the lake and a low sun.', '画中有七条船，湖后有群山，太阳低垂。'],
      ),
    ],
  },
  {
    id: 'bike-repairs',
    title: { en: 'Bar chart: bikes repaired per month', zh: '柱状图：每月修理的自行车' },
    tags: ['chart'],
    width: 1200,
    height: 900,
    kind: 'png',
    draw: drawBars,
    questions: [
      question(
        'bike-repairs-lower',
        ['chart'],
        ['In which months were fewer bikes repaired in 2025 than in 2024?', '2025 年哪几个月修的车比 2024 年少？'],
        ['January, February and June.', '一月、二月和六月。'],
      ),
      question(
        'bike-repairs-peak',
        ['chart'],
        ['What is the highest bar, and about what value does it show?', '最高的柱子是哪一个？数值大约是多少？'],
        ['May 2025, 90 bikes.', '2025 年 5 月，90 辆。'],
      ),
    ],
  },
  {
    id: 'wall-clock',
    title: { en: 'A clock on a wall', zh: '墙上的钟' },
    tags: ['spatial'],
    width: 1200,
    height: 1200,
    kind: 'jpg',
    draw: drawClock,
    questions: [
      question(
        'wall-clock-time',
        ['spatial'],
        ['What time does the clock show?', '钟上显示几点？'],
        ['7:22 (with the second hand at 12 seconds).', '7 点 22 分（秒针指向 12 秒）。'],
      ),
      question(
        'wall-clock-later',
        ['spatial'],
        [
          'A cake went into the oven at this time and needs 50 minutes. When is it done?',
          '蛋糕在这个时间放进烤箱，要烤 50 分钟，几点烤好？',
        ],
        ['At about 8:12, because the clock shows 7:22.', '大约 8 点 12 分，因为钟上是 7 点 22 分。'],
      ),
    ],
  },
  {
    id: 'museum-sign',
    title: { en: 'Sign in front of a museum', zh: '博物馆门前的告示牌' },
    tags: ['ocr', 'language_zh'],
    width: 1200,
    height: 900,
    kind: 'jpg',
    draw: drawMuseumSign,
    questions: [
      question(
        'museum-sign-closed',
        ['ocr', 'language_zh'],
        [
          'On which day is the museum closed, and when is the last entry on other days?',
          '博物馆哪天闭馆？其他日子几点停止入场？',
        ],
        ['Closed on Mondays; last entry is at 16:30.', '周一闭馆；16:30 停止入场。'],
      ),
      question(
        'museum-sign-hall',
        ['ocr', 'language_zh'],
        ['What is shown in hall 3, and which way is it?', '三号展厅展出什么？往哪边走？'],
        ['Ceramics (陶瓷); the arrow points to the right.', '陶瓷；箭头指向右边。'],
      ),
      question(
        'museum-sign-forbidden',
        ['ocr', 'language_zh'],
        ['What does the sign ask visitors not to do?', '告示牌要求参观者不要做什么？'],
        ['Not to use flash inside the museum.', '馆内不要使用闪光灯。'],
      ),
    ],
  },
  {
    id: 'city-map',
    title: { en: 'City map with a route', zh: '标有路线的城市地图' },
    tags: ['diagram', 'spatial'],
    width: 1300,
    height: 950,
    kind: 'png',
    draw: drawCityMap,
    questions: [
      question(
        'city-map-route',
        ['diagram', 'spatial'],
        ['Describe the blue route from A to B, street by street.', '请逐条街道描述从 A 到 B 的蓝色路线。'],
        [
          'From the station (A) east along Mill Street, left (north) onto Bridge Road over the river, then right (east) along Castle Street to the museum (B).',
          '从车站（A）沿 Mill Street 向东，左转（向北）上 Bridge Road 过河，再右转（向东）沿 Castle Street 到博物馆（B）。',
        ],
      ),
      question(
        'city-map-bridges',
        ['diagram'],
        ['How many streets on the map cross the river, and which?', '地图上有几条街跨过河？是哪几条？'],
        ['Two: Bridge Road and Tower Road.', '两条：Bridge Road 和 Tower Road。'],
      ),
    ],
  },
  {
    id: 'handwritten-list',
    title: { en: 'Handwritten shopping list', zh: '手写购物清单' },
    tags: ['ocr', 'document'],
    width: 1000,
    height: 1200,
    kind: 'jpg',
    draw: drawShoppingList,
    questions: [
      question(
        'handwritten-list-open',
        ['ocr', 'document'],
        ['What still has to be bought?', '还有哪些东西没买？'],
        [
          '12 eggs, 2 rye loaves, 1 kg plums and goat cheese; butter and coffee are crossed out.',
          '12 个鸡蛋、2 个黑麦面包、1 公斤李子和山羊奶酪；黄油（butter）和咖啡（coffee）已划掉。',
        ],
      ),
      question(
        'handwritten-list-call',
        ['ocr'],
        ['Who should be called, and by when?', '要给谁打电话？在几点之前？'],
        ['Nadia, before 6.', 'Nadia，6 点之前。'],
      ),
    ],
  },
  {
    id: 'desk-things',
    title: { en: 'Things on a desk', zh: '书桌上的东西' },
    tags: ['spatial', 'describing'],
    width: 1280,
    height: 900,
    kind: 'jpg',
    draw: drawDesk,
    questions: [
      question(
        'desk-things-between',
        ['spatial'],
        ['What stands between the mug and the plant?', '杯子和植物之间是什么？'],
        ['The desk lamp.', '台灯。'],
      ),
      question(
        'desk-things-order',
        ['spatial', 'describing'],
        ['Name the things on the desk from left to right.', '从左到右说出桌上的东西。'],
        ['Red mug, desk lamp, potted plant, stack of three books.', '红色杯子、台灯、盆栽、一摞三本书。'],
      ),
      question(
        'desk-things-book',
        ['spatial'],
        ['What colour is the book at the bottom of the stack?', '那摞书最下面一本是什么颜色？'],
        ['Green.', '绿色。'],
      ),
    ],
  },
  {
    id: 'climate-lines',
    title: { en: 'Line chart: two cities through the year', zh: '折线图：两座城市的一年' },
    tags: ['chart', 'knowledge'],
    width: 1200,
    height: 900,
    kind: 'png',
    draw: drawLines,
    questions: [
      question(
        'climate-lines-warmer',
        ['chart'],
        ['In which months is Northport warmer than Sandhaven?', '哪几个月 Northport 比 Sandhaven 更暖？'],
        ['June, July, August and September.', '六月、七月、八月和九月。'],
      ),
      question(
        'climate-lines-hemisphere',
        ['chart', 'knowledge'],
        [
          'Which of the two cities lies in the southern hemisphere? How can you tell?',
          '哪座城市在南半球？怎么看出来的？',
        ],
        [
          'Sandhaven: its warmest months are December to February, its coldest is July.',
          'Sandhaven：最暖的是十二月到二月，最冷的是七月。',
        ],
      ),
    ],
  },
  {
    id: 'tea-box',
    title: { en: 'A box of tea', zh: '一盒茶' },
    tags: ['code_reading', 'ocr', 'language_zh', 'pointing'],
    width: 1200,
    height: 900,
    kind: 'jpg',
    draw: drawTeaBox,
    questions: [
      question(
        'tea-box-code',
        ['code_reading', 'pointing'],
        ['Point to the barcode and read its number.', '请指出条形码，并读出它的数字。'],
        [`On the left side of the box, near the bottom: ${teaCode}.`, `在盒子左侧面靠下的位置：${teaCode}。`],
      ),
      question(
        'tea-box-brew',
        ['ocr', 'language_zh'],
        ['What kind of tea is this, and how should it be brewed?', '这是什么茶？应该怎样冲泡？'],
        ['Jasmine tea (茉莉花茶): 80 °C for 3 minutes.', '茉莉花茶：80 °C 冲泡 3 分钟。'],
      ),
      question(
        'tea-box-date',
        ['ocr'],
        ['How much tea is in the box, and until when is it best?', '净含量是多少？保质期到什么时候？'],
        ['100 g, best before 03/2028.', '100 克，保质期至 2028 年 3 月。'],
      ),
    ],
  },
  {
    id: 'floor-plan',
    title: { en: 'Floor plan of a flat', zh: '公寓平面图' },
    tags: ['diagram', 'spatial', 'pointing'],
    width: 1300,
    height: 950,
    kind: 'png',
    draw: drawFloorPlan,
    questions: [
      question(
        'floor-plan-kitchen',
        ['diagram', 'spatial'],
        ['Coming from the hall, which room do you cross to reach the kitchen?', '从门厅到厨房要穿过哪个房间？'],
        ['The living room: the kitchen has no other door.', '客厅：厨房没有别的门。'],
      ),
      question(
        'floor-plan-bath',
        ['pointing', 'spatial'],
        ['Point to the bathtub. Between which rooms does the bathroom lie?', '请指出浴缸。浴室在哪两个房间之间？'],
        [
          'On the right side, between bedroom 1 (above) and bedroom 2 (below).',
          '在右侧，位于卧室 1（上）和卧室 2（下）之间。',
        ],
      ),
      question(
        'floor-plan-largest',
        ['diagram'],
        ['Which room is the largest, and how large is it?', '哪个房间最大？面积是多少？'],
        ['The living room, 20 m².', '客厅，20 平方米。'],
      ),
    ],
  },
  {
    id: 'night-street',
    title: { en: 'A street at night', zh: '夜晚的街道' },
    tags: ['low_light', 'describing', 'creative'],
    width: 1280,
    height: 900,
    kind: 'jpg',
    draw: drawNight,
    questions: [
      question(
        'night-street-animal',
        ['low_light', 'describing'],
        ['Which animal is in the picture, and where is it?', '画面里有什么动物？在哪里？'],
        ['A cat, sitting on the bench under the street lamp.', '一只猫，坐在路灯下的长椅上。'],
      ),
      question(
        'night-street-windows',
        ['low_light'],
        ['How many windows are lit?', '有几扇窗亮着灯？'],
        ['Three.', '三扇。'],
      ),
      question(
        'night-street-story',
        ['creative', 'low_light'],
        [
          'Write the first two sentences of a story that begins in this scene.',
          '以这个场景为开头，写一个故事的前两句话。',
        ],
        [
          'A dark street with a crescent moon, three lit windows, and a cat on a bench under a street lamp.',
          '昏暗的街道，一弯月牙，三扇亮窗，路灯下的长椅上有一只猫。',
        ],
      ),
    ],
  },
  {
    id: 'chess-puzzle',
    title: { en: 'Chess puzzle', zh: '国际象棋残局' },
    tags: ['knowledge', 'spatial'],
    width: 1100,
    height: 1100,
    kind: 'png',
    draw: drawChess,
    questions: [
      question(
        'chess-puzzle-mate',
        ['knowledge', 'spatial'],
        [
          'White moves up the board and it is White’s turn. Is there a mate in one?',
          '白方向上走，轮到白方。有一步杀吗？',
        ],
        ['Yes: the rook goes from a1 to a8, mate.', '有：车从 a1 走到 a8，将杀。'],
      ),
      question(
        'chess-puzzle-knight',
        ['spatial'],
        ['On which square is the black knight?', '黑马在哪一格？'],
        ['On d4.', '在 d4。'],
      ),
      question(
        'chess-puzzle-pawns',
        ['spatial'],
        ['How many pawns does each side have?', '双方各有几个兵？'],
        ['Four each.', '双方各四个。'],
      ),
    ],
  },
  {
    id: 'tilted-letter',
    title: { en: 'Photo of a letter, tilted', zh: '斜着拍的一封信' },
    tags: ['ocr', 'document'],
    width: 1100,
    height: 1400,
    kind: 'jpg',
    draw: drawLetter,
    questions: [
      question(
        'tilted-letter-key',
        ['ocr', 'document'],
        ['When and where can the key be collected?', '什么时候、在哪里可以领钥匙？'],
        ['Saturday 21 March, 10:00 to 12:00, at the tool shed.', '3 月 21 日星期六，10:00 到 12:00，在工具房。'],
      ),
      question(
        'tilted-letter-rent',
        ['ocr', 'document'],
        ['Who wrote to whom, and what has to be paid by when?', '谁写给谁？要在什么时候之前付多少钱？'],
        [
          'Tomas Lindqvist wrote to Ms Okafor; the rent of £48.00 is due before 25 March.',
          'Tomas Lindqvist 写给 Okafor 女士；租金 48.00 英镑，3 月 25 日之前付。',
        ],
      ),
    ],
  },
  {
    id: 'paper-shapes',
    title: { en: 'Cut-out paper shapes', zh: '剪纸图形' },
    tags: ['counting'],
    width: 1200,
    height: 900,
    kind: 'jpg',
    draw: drawShapes,
    questions: [
      question(
        'paper-shapes-each',
        ['counting'],
        ['How many circles, squares, triangles and stars are there?', '圆形、正方形、三角形和星形各有几个？'],
        ['6 circles, 5 squares, 4 triangles and 3 stars.', '6 个圆形，5 个正方形，4 个三角形，3 个星形。'],
      ),
      question(
        'paper-shapes-blue',
        ['counting'],
        ['How many of the shapes are blue?', '有几个图形是蓝色的？'],
        [
          'Seven: three circles, two squares, one triangle and one star.',
          '七个：三个圆形、两个正方形、一个三角形、一个星形。',
        ],
      ),
    ],
  },
  {
    id: 'weather-app',
    title: { en: 'Weather forecast on a phone', zh: '手机上的天气预报' },
    tags: ['ocr', 'describing'],
    width: 820,
    height: 1250,
    kind: 'png',
    draw: drawWeather,
    questions: [
      question(
        'weather-app-picnic',
        ['ocr'],
        ['Which days suit a picnic, and how warm will it get?', '哪几天适合野餐？最高气温多少？'],
        ['Saturday (23°) and Sunday (24°), the two sunny days.', '星期六（23°）和星期日（24°），这两天晴。'],
      ),
      question(
        'weather-app-storm',
        ['ocr', 'describing'],
        ['When is a thunderstorm expected, and what is the weather like now?', '预计哪天有雷雨？现在天气怎样？'],
        ['On Monday; now it is 17° with light rain.', '星期一；现在 17°，小雨。'],
      ),
    ],
  },
  {
    id: 'boiler-gauges',
    title: { en: 'Gauges on a boiler', zh: '锅炉上的仪表' },
    tags: ['spatial'],
    width: 1200,
    height: 900,
    kind: 'jpg',
    draw: drawGauges,
    questions: [
      question(
        'boiler-gauges-pressure',
        ['spatial'],
        ['What pressure does the round gauge show? Is it in the red range?', '圆表显示的压力是多少？在红色区域吗？'],
        ['6.5 bar; no, the red range starts at 8 bar.', '6.5 bar；不在，红色区域从 8 bar 开始。'],
      ),
      question(
        'boiler-gauges-temperature',
        ['spatial'],
        ['What temperature does the thermometer show?', '温度计显示多少度？'],
        ['64 °C.', '64 °C。'],
      ),
    ],
  },
  {
    id: 'return-flow',
    title: { en: 'Flow chart: returning a parcel', zh: '流程图：退货' },
    tags: ['diagram'],
    width: 1300,
    height: 900,
    kind: 'png',
    draw: drawFlow,
    questions: [
      question(
        'return-flow-opened',
        ['diagram'],
        [
          'Something was bought 12 days ago, is not damaged, and its box was opened. What does the customer get?',
          '东西 12 天前买的，没有损坏，包装已拆。顾客会得到什么？',
        ],
        ['Store credit.', '购物券（store credit）。'],
      ),
      question(
        'return-flow-decisions',
        ['diagram'],
        ['How many decisions does the chart have, and what ends are possible?', '图中有几个判断？可能的结果有哪些？'],
        [
          'Three decisions; four ends: explain why not, send a new one, full refund, store credit.',
          '三个判断；四种结果：说明不能退、换新、全额退款、购物券。',
        ],
      ),
    ],
  },
  {
    id: 'cracker-label',
    title: { en: 'Back of a cracker packet', zh: '饼干包装背面' },
    tags: ['ocr', 'knowledge'],
    width: 1000,
    height: 1300,
    kind: 'jpg',
    draw: drawNutrition,
    questions: [
      question(
        'cracker-label-energy',
        ['ocr'],
        ['How many kilocalories are in two servings?', '两份一共多少千卡？'],
        ['276 kcal: 138 kcal per serving of 30 g.', '276 千卡：每份 30 克含 138 千卡。'],
      ),
      question(
        'cracker-label-allergens',
        ['ocr', 'knowledge'],
        ['Can somebody with a sesame allergy eat these? Why?', '对芝麻过敏的人能吃吗？为什么？'],
        [
          'No: sesame is an ingredient, and the label says it contains sesame.',
          '不能：配料中有芝麻，标签也写明含芝麻。',
        ],
      ),
      question(
        'cracker-label-pack',
        ['ocr'],
        ['How many servings does the packet hold, and how heavy is it?', '一包有几份？重多少？'],
        ['8 servings of 30 g, 240 g in all.', '8 份，每份 30 克，共 240 克。'],
      ),
    ],
  },
  {
    id: 'parking-sign',
    title: { en: 'Street corner with signs', zh: '街角的路牌' },
    tags: ['ocr', 'knowledge'],
    width: 1200,
    height: 900,
    kind: 'jpg',
    draw: drawStreetSign,
    questions: [
      question(
        'parking-sign-saturday',
        ['ocr', 'knowledge'],
        [
          'It is Saturday, 10 in the morning. Does the two-hour limit apply here?',
          '现在是星期六上午 10 点，这里限停两小时吗？',
        ],
        ['No: the limit applies Monday to Friday, 8 am to 6 pm.', '不限：限时只在周一至周五上午 8 点到下午 6 点。'],
      ),
      question(
        'parking-sign-streets',
        ['ocr'],
        ['Which two streets meet here?', '这里是哪两条街的路口？'],
        ['Maple Street and Harbour Road.', 'Maple Street 和 Harbour Road。'],
      ),
    ],
  },
  {
    id: 'commute-pie',
    title: { en: 'Ring chart: ways to work', zh: '环形图：上班方式' },
    tags: ['chart'],
    width: 1200,
    height: 900,
    kind: 'png',
    draw: drawPie,
    questions: [
      question(
        'commute-pie-car',
        ['chart'],
        ['How many of the people asked come by car?', '被调查的人里有多少人开车？'],
        ['80: 20% of 400.', '80 人：400 人的 20%。'],
      ),
      question(
        'commute-pie-muscle',
        ['chart'],
        ['What share comes by bicycle or on foot, together?', '骑车和步行合计占多少？'],
        ['40%: 25% by bicycle and 15% on foot.', '40%：骑车 25%，步行 15%。'],
      ),
    ],
  },
  {
    id: 'september-page',
    title: { en: 'Calendar page with entries', zh: '写了安排的日历页' },
    tags: ['document', 'ocr', 'counting'],
    width: 1000,
    height: 1300,
    kind: 'png',
    draw: drawCalendar,
    questions: [
      question(
        'september-page-concert',
        ['document', 'ocr'],
        ['On which date and weekday is the concert?', '音乐会是几号、星期几？'],
        ['Friday, 18 September.', '9 月 18 日，星期五。'],
      ),
      question(
        'september-page-trip',
        ['document', 'counting'],
        [
          'How many days does the trip to Lisbon last, and on which weekday does it start?',
          '去里斯本的旅行有几天？星期几开始？',
        ],
        ['Three days, 24 to 26 September; it starts on a Thursday.', '三天，9 月 24 日到 26 日；星期四开始。'],
      ),
    ],
  },
  {
    id: 'harvest-table',
    title: { en: 'Table: apple harvest', zh: '表格：苹果收成' },
    tags: ['document', 'chart'],
    width: 1200,
    height: 900,
    kind: 'png',
    draw: drawTable,
    questions: [
      question(
        'harvest-table-rising',
        ['document'],
        ['Which variety grew every week?', '哪个品种的收成每周都增加？'],
        ['Russet: 64, 92, 130, 141.', 'Russet:64、92、130、141。'],
      ),
      question(
        'harvest-table-sum',
        ['document', 'chart'],
        ['What was the harvest of all varieties together in week 38?', '第 38 周所有品种合计收成多少？'],
        [
          `${sum(Object.values(harvest).map((row) => row[2]!))} kg.`,
          `${sum(Object.values(harvest).map((row) => row[2]!))} 公斤。`,
        ],
      ),
    ],
  },
  {
    id: 'geometry-homework',
    title: { en: 'Geometry homework', zh: '几何作业' },
    tags: ['homework', 'diagram'],
    width: 1000,
    height: 1300,
    kind: 'jpg',
    draw: drawHomework,
    questions: [
      question(
        'geometry-homework-angle',
        ['homework', 'diagram'],
        ['Solve problem 1 and explain the step.', '解第 1 题，并说明步骤。'],
        ['x = 57°, because 180° − 52° − 71° = 57°.', 'x = 57°，因为 180° − 52° − 71° = 57°。'],
      ),
      question(
        'geometry-homework-check',
        ['homework'],
        [
          'Is the handwritten answer to problem 2 right? If not, what is right?',
          '第 2 题手写的答案对吗？如果不对，正确答案是什么？',
        ],
        [
          'No: 14 cm adds the two sides. By Pythagoras c = √(6² + 8²) = 10 cm.',
          '不对：14 cm 是把两边相加。由勾股定理，c = √(6² + 8²) = 10 cm。',
        ],
      ),
    ],
  },
]

function question(
  id: string,
  tags: string[],
  [en, zh]: [en: string, zh: string],
  [factEn, factZh]: [en: string, zh: string],
): Question {
  return { id, text: { en, zh }, reference: { en: factEn, zh: factZh }, needs_image: true, tags }
}

// ---- charts and documents ----

async function drawReceipt() {
  const money = (amount: number) => amount.toFixed(2)
  const rows: [string, number][] = [
    ['2 Flat white   @3.80', 7.6],
    ['1 Oat porridge', 5.2],
    ['1 Cheese scone', 3.4],
    ['3 Orange juice @2.90', 8.7],
  ]
  const subtotal = sum(rows.map(([, price]) => price))
  const mono = 'font-family="DejaVu Sans Mono" fill="#2b2a28"'
  const pair = (y: number, left: string, right: string, size = 25, extra = '') =>
    text(50, y, left, size, `${mono} ${extra}`) + text(590, y, right, size, `${mono} text-anchor="end" ${extra}`)
  const rule = (y: number) =>
    `<path d="M50 ${y}H590" stroke="#55524c" stroke-width="2.5" stroke-dasharray="9 7" fill="none"/>`
  const teeth = Array.from({ length: 32 }, (_, i) => `L${640 - i * 20 - 10} 1206L${640 - i * 20 - 20} 1220`).join('')
  const paper = svg(
    640,
    1220,
    `<path d="M0 0H640V1220${teeth}Z" fill="#fbfaf5"/>${box(0, 0, 640, 1220, '#e8e2d4', 'opacity=".4" filter="url(#mottle)" clip-path="url(#paper)"')}
    <clipPath id="paper"><path d="M0 0H640V1220${teeth}Z"/></clipPath>
    ${text(320, 92, 'HARBOUR LANE CAFÉ', 46, `text-anchor="middle" font-weight="700" ${mono.replace('DejaVu Sans Mono', 'Inter')}`)}
    ${text(320, 136, '14 Quay Street, Port Ellery', 24, `text-anchor="middle" ${mono}`)}
    ${text(320, 170, 'Tel 555 0142', 24, `text-anchor="middle" ${mono}`)}
    ${rule(202)}${pair(244, '18 Sep 2026', '10:42')}${pair(282, 'Table 9', 'Server Ines')}${rule(310)}
    ${rows.map(([name, price], i) => pair(360 + i * 46, name, money(price))).join('')}
    ${rule(532)}${pair(580, 'Subtotal', money(subtotal))}${pair(622, 'Service 10%', money(subtotal * 0.1))}
    ${pair(694, 'TOTAL', `£${money(subtotal * 1.1)}`, 42, 'font-weight="700"')}
    ${pair(742, 'Card', money(subtotal * 1.1))}${rule(774)}
    ${await qr(receiptCode, 180, 796, 280)}
    ${text(320, 1116, 'Scan to keep this receipt', 24, `text-anchor="middle" ${mono}`)}
    ${text(320, 1160, 'Thank you!', 28, `text-anchor="middle" ${mono} font-weight="700"`)}`,
  )
  const table = svg(
    1050,
    1400,
    `${wood(1050, 1400, '#b58558', 200, 5)}
    <g transform="translate(915 150)"><ellipse cx="14" cy="30" rx="215" ry="212" fill="#2a1708" opacity=".45" filter="url(#blur12)"/>
      <circle r="205" fill="#eef0ee"/><circle r="205" fill="none" stroke="#cfd4d2" stroke-width="6"/><circle r="150" fill="#e2e6e4"/>
      <ellipse cx="10" cy="16" rx="134" ry="132" fill="#8d948f" opacity=".5" filter="url(#blur4)"/>
      <path d="M-95 60q-75 60-52 100q30 34 100-44" fill="none" stroke="#f7f8f6" stroke-width="30" stroke-linecap="round"/>
      <circle r="128" fill="#fbfcfa"/><circle r="108" fill="#6b4326"/><circle r="108" fill="none" stroke="#3f2513" stroke-width="8" opacity=".6"/>
      <path d="M0 58C-70 4-44-52 0-22C44-52 70 4 0 58Z" fill="#e9cfa8"/><path d="M0 34C-36 4-24-22 0-6C24-22 36 4 0 34Z" fill="#a97746"/></g>
    <g transform="translate(70 1060) rotate(-12)"><rect x="6" y="-280" width="26" height="500" rx="13" fill="#2a1708" opacity=".5" filter="url(#blur4)"/>
      <path d="M0-260h22v430l-11 44-11-44z" fill="#25445f"/><path d="M4-260h5v430h-5z" fill="#5d86a8"/><path d="M0 170h22l-11 44z" fill="#d9c9a2"/><rect y="-286" width="22" height="40" rx="6" fill="#c9a24b"/></g>
    ${shade('M222 150L792 108L884 1318L176 1352Z', 'translate(14 20)')}`,
  )
  return laidOn(
    table,
    paper,
    640,
    1220,
    [
      [222, 138],
      [786, 104],
      [868, 1300],
      [180, 1338],
    ],
    light(1050, 1400),
  )
}

function drawBars() {
  const [left, right, top, bottom] = [120, 1140, 220, 760]
  const y = (value: number) => bottom - (value / 100) * (bottom - top)
  const step = (right - left) / repairs.months.length
  const grid = [0, 20, 40, 60, 80, 100].map(
    (value) =>
      `<path d="M${left} ${y(value)}H${right}" stroke="${value ? '#dfdfd9' : '#54575e'}" stroke-width="2"/>${text(left - 18, y(value) + 8, `${value}`, 24, 'text-anchor="end" fill="#54575e"')}`,
  )
  const bars = repairs.months.map((month, i) => {
    const x = left + i * step + step / 2
    const bar = (at: number, value: number, fill: string) => box(at, y(value), 58, bottom - y(value), fill)
    return (
      bar(x - 62, repairs.before[i]!, '#b9bfc9') +
      bar(x + 4, repairs.now[i]!, '#1d5bb8') +
      text(x, bottom + 44, month, 26, 'text-anchor="middle"')
    )
  })
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#fafaf8')}${text(60, 88, 'Bikes repaired per month', 44, 'font-weight="700"')}
    ${text(60, 132, 'Riverside workshop', 26, 'fill="#54575e"')}
    ${box(880, 62, 30, 30, '#b9bfc9')}${text(922, 87, '2024', 26)}${box(1020, 62, 30, 30, '#1d5bb8')}${text(1062, 87, '2025', 26)}
    ${grid.join('')}${bars.join('')}${text(60, 866, 'Source: workshop log, one entry per repaired bike', 20, 'fill="#7a7d84"')}`,
  )
}

function drawLines() {
  const [left, right, top, bottom] = [110, 970, 210, 770]
  const months = ['J', 'F', 'M', 'A', 'M', 'J', 'J', 'A', 'S', 'O', 'N', 'D']
  const x = (i: number) => left + (i / 11) * (right - left)
  const y = (value: number) => bottom - (value / 30) * (bottom - top)
  const line = (values: number[], colour: string, name: string) =>
    `<path d="${path(values.map((value, i) => [x(i), y(value)]))}" fill="none" stroke="${colour}" stroke-width="6" stroke-linejoin="round"/>
    ${values.map((value, i) => `<circle cx="${x(i)}" cy="${y(value)}" r="9" fill="#fafaf8" stroke="${colour}" stroke-width="5"/>`).join('')}
    ${text(right + 28, y(values[11]!) + 9, name, 28, `fill="${colour}" font-weight="700"`)}`
  const grid = [0, 5, 10, 15, 20, 25, 30].map(
    (value) =>
      `<path d="M${left} ${y(value)}H${right}" stroke="${value ? '#e2e2dc' : '#54575e'}" stroke-width="2"/>${text(left - 20, y(value) + 8, `${value}`, 24, 'text-anchor="end" fill="#54575e"')}`,
  )
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#fafaf8')}${text(60, 88, 'Average temperature by month', 44, 'font-weight="700"')}
    ${text(60, 132, 'Degrees Celsius, mean of ten years', 26, 'fill="#54575e"')}${grid.join('')}
    ${months.map((month, i) => `<path d="M${x(i)} ${top}V${bottom}" stroke="#efefea" stroke-width="2"/>${text(x(i), bottom + 44, month, 26, 'text-anchor="middle"')}`).join('')}
    ${line(climate.Sandhaven, '#b4520b', 'Sandhaven')}${line(climate.Northport, '#1d5bb8', 'Northport')}`,
  )
}

function drawPie() {
  const [cx, cy, outer, inner] = [410, 500, 310, 168]
  let from = 0
  const slices = commute.map(([, percent, fill]) => {
    const [start, end] = [from, from + percent]
    from = end
    const at = (share: number, radius: number) => around(cx, cy, radius, share * 3.6 - 90)
    const big = percent > 50 ? 1 : 0
    const [a, b, c, d] = [at(start, outer), at(end, outer), at(end, inner), at(start, inner)]
    const [lx, ly] = at((start + end) / 2, (outer + inner) / 2)
    return `<path d="M${a}A${outer} ${outer} 0 ${big} 1 ${b}L${c}A${inner} ${inner} 0 ${big} 0 ${d}Z" fill="${fill}" stroke="#fafaf8" stroke-width="6"/>
    ${text(lx, ly + 11, `${percent}%`, 32, 'text-anchor="middle" fill="#fff" font-weight="700"')}`
  })
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#fafaf8')}${text(60, 88, 'How people come to work', 44, 'font-weight="700"')}
    ${text(60, 132, 'Survey at Ellery Docks, one answer each', 26, 'fill="#54575e"')}${slices.join('')}
    ${text(cx, cy + 4, '400', 76, 'text-anchor="middle" font-weight="700"')}${text(cx, cy + 48, 'people asked', 28, 'text-anchor="middle" fill="#54575e"')}
    ${commute.map(([name, , fill], i) => box(820, 356 + i * 64, 34, 34, fill) + text(874, 384 + i * 64, name, 32)).join('')}`,
  )
}

function drawTable() {
  const [left, top, row] = [60, 210, 84]
  const columns = [60, 470, 635, 800, 965, 1130]
  const heads = ['Variety', 'Week 36', 'Week 37', 'Week 38', 'Week 39', 'Total']
  const cells = (y: number, values: string[], extra: string, size = 30) =>
    values
      .map((value, i) => text(i ? columns[i]! : left + 24, y, value, size, `${extra} ${i ? 'text-anchor="end"' : ''}`))
      .join('')
  const entries = Object.entries(harvest)
  const totals = [0, 1, 2, 3].map((week) => sum(entries.map(([, values]) => values[week]!)))
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#fbfaf6')}${text(60, 92, 'Apple harvest, kilograms', 44, 'font-weight="700"')}
    ${text(60, 138, 'Greenbank Orchard, autumn 2025', 26, 'fill="#54575e"')}
    ${box(left, top, 1094, row, '#27503f')}${cells(top + 53, heads, 'fill="#fff" font-weight="700"', 26)}
    ${entries
      .map(([name, values], i) => {
        const y = top + row * (i + 1)
        return `${i % 2 ? box(left, y, 1094, row, '#eef2ec') : ''}${cells(y + 53, [name, ...values.map(String), `${sum(values)}`], '')}`
      })
      .join('')}
    <path d="M60 ${top + row * 6}H1154" stroke="#27503f" stroke-width="4"/>
    ${cells(top + row * 6 + 55, ['All', ...totals.map(String), sum(totals).toLocaleString('en')], 'font-weight="700"')}
    ${text(60, 862, 'Weighed on the evening of the picking day', 20, 'fill="#7a7d84"')}`,
  )
}

function drawCalendar() {
  const [left, top, width, height] = [60, 640, 126, 112]
  // 1 September 2026 is a Tuesday.
  const cell = (day: number): Corner => [left + (day % 7) * width, top + Math.floor(day / 7) * height]
  const days = Array.from({ length: 30 }, (_, i) => {
    const [x, y] = cell(i + 1)
    return text(x + 14, y + 38, `${i + 1}`, 30, `font-weight="600" fill="${(i + 1) % 7 > 4 ? '#a34700' : '#2b2d33'}"`)
  })
  const mark = (day: number, length: number, label: string, fill: string) => {
    const [x, y] = cell(day)
    const end = width * length - 12
    return `<rect x="${x + 6}" y="${y + 54}" width="${end}" height="44" rx="10" fill="${fill}"/>${text(x + 6 + end / 2, y + 84, label, 24, 'text-anchor="middle" fill="#fff" font-weight="600"')}`
  }
  const names = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  const lines = Array.from({ length: 6 }, (_, i) => `M${left} ${top + i * height}h${7 * width}`).join('')
  const bars = Array.from({ length: 8 }, (_, i) => `M${left + i * width} ${top}v${5 * height}`).join('')
  const trees = Array.from({ length: 16 }, (_, i) => {
    const [x, y, size] = [60 + i * 62, 418 + ((i * 37) % 46), 22 + ((i * 13) % 16)]
    const fill = ['#c8553d', '#e0a526', '#b4520b', '#8a9a3c'][i % 4]
    return `<rect x="${x - 3}" y="${y}" width="6" height="30" fill="#5b3a22"/><ellipse cx="${x}" cy="${y - 8}" rx="${size}" ry="${size * 1.15}" fill="${fill}"/>`
  })
  return svg(
    1000,
    1300,
    `${box(0, 0, 1000, 1300, '#fdfcf8')}<clipPath id="art"><rect width="1000" height="500"/></clipPath><g clip-path="url(#art)">
    ${box(0, 0, 1000, 500, '#f6dcb4')}<circle cx="730" cy="170" r="74" fill="#fff3d6"/>
    <path d="M0 330Q180 190 380 300T760 270T1000 310V500H0Z" fill="#9db0a5"/><path d="M0 390Q220 290 470 380T1000 350V500H0Z" fill="#7d9279"/>
    <path d="M0 440Q300 380 560 430T1000 420V500H0Z" fill="#a9893f"/>${trees.join('')}</g>
    ${text(60, 580, 'September', 60, 'font-weight="700"')}${text(942, 580, '2026', 60, 'text-anchor="end" fill="#86888c"')}
    ${names.map((name, i) => text(left + i * width + 14, 626, name, 24, 'fill="#54575e"')).join('')}
    <path d="${lines}${bars}" stroke="#d4d2c8" stroke-width="2" fill="none"/>${days.join('')}
    ${mark(9, 1, 'Dentist', '#54575e')}${mark(18, 1, 'Concert', '#1d5bb8')}${mark(24, 3, 'Lisbon trip', '#1a7340')}
    ${text(60, 1254, 'Notes: library books back by the end of the month', 24, 'fill="#54575e"')}`,
  )
}

function drawFlow() {
  const oval = (x: number, y: number, lines: string[], fill: string, ink = '#fff') =>
    `<rect x="${x - 115}" y="${y - 56}" width="230" height="112" rx="56" fill="${fill}"/>${stacked(x, y, lines, 25, `fill="${ink}" font-weight="600"`)}`
  const diamond = (x: number, y: number, lines: string[]) =>
    `<path d="M${x} ${y - 115}L${x + 138} ${y}L${x} ${y + 115}L${x - 138} ${y}Z" fill="#fff7e0" stroke="#855600" stroke-width="4" stroke-linejoin="round"/>${stacked(x, y, lines, 24)}`
  const arrow = (from: Corner, to: Corner, label: string, at: Corner) =>
    `<path d="M${from}L${to}" stroke="#3d4047" stroke-width="4" marker-end="url(#arrow)"/>${text(at[0], at[1], label, 25, 'font-weight="700" fill="#3d4047"')}`
  return svg(
    1300,
    900,
    `<marker id="arrow" markerWidth="6" markerHeight="6" refX="4.6" refY="3" orient="auto"><path d="M0 0L6 3L0 6Z" fill="#3d4047"/></marker>
    ${box(0, 0, 1300, 900, '#fafaf8')}${text(60, 92, 'Returning a parcel', 44, 'font-weight="700"')}${text(60, 136, 'What the counter does', 26, 'fill="#54575e"')}
    ${arrow([265, 450], [296, 450], '', [0, 0])}${arrow([574, 450], [628, 450], 'Yes', [578, 432])}${arrow([912, 450], [966, 450], 'No', [920, 432])}
    ${arrow([438, 565], [438, 676], 'No', [454, 626])}${arrow([772, 565], [772, 676], 'Yes', [788, 626])}
    ${arrow([1110, 335], [1110, 256], 'Yes', [1126, 306])}${arrow([1110, 565], [1110, 676], 'No', [1126, 626])}
    ${oval(150, 450, ['Customer', 'brings parcel'], '#1d5bb8')}${diamond(438, 450, ['Bought in the', 'last 30 days?'])}
    ${diamond(772, 450, ['Is it', 'damaged?'])}${diamond(1110, 450, ['Box still', 'unopened?'])}
    ${oval(438, 740, ['Explain', 'why not'], '#6b6f77')}${oval(772, 740, ['Send a', 'new one'], '#1a7340')}
    ${oval(1110, 740, ['Store', 'credit'], '#a34700')}${oval(1110, 192, ['Full', 'refund'], '#1a7340')}`,
  )
}

function drawWeather() {
  const sun = (x: number, y: number, r: number) =>
    `<g stroke="#f6c445" stroke-width="${r / 4}" stroke-linecap="round"><circle cx="${x}" cy="${y}" r="${r}" fill="#f6c445" stroke="none"/>${Array.from({ length: 8 }, (_, i) => `<path d="M${around(x, y, r * 1.45, i * 45)}L${around(x, y, r * 1.8, i * 45)}"/>`).join('')}</g>`
  const rain = (x: number, y: number, s: number) =>
    cloud(x, y, s, '#e8eef5') +
    [-24, 2, 28]
      .map(
        (dx) =>
          `<path d="M${x + dx * s} ${y + 40 * s}l${-9 * s} ${24 * s}" stroke="#8fd0ff" stroke-width="${8 * s}" stroke-linecap="round"/>`,
      )
      .join('')
  const storm = (x: number, y: number, s: number) =>
    `${cloud(x, y, s, '#c3ccd8')}<path d="M${x + 8 * s} ${y + 22 * s}l${-22 * s} ${34 * s}h${16 * s}l${-8 * s} ${30 * s}l${30 * s} ${-42 * s}h${-17 * s}l${10 * s} ${-22 * s}z" fill="#f6c445"/>`
  const icon = {
    sun: (x: number, y: number) => sun(x, y, 20),
    cloud: (x: number, y: number) => cloud(x, y, 0.62, '#e8eef5'),
    rain: (x: number, y: number) => rain(x, y - 8, 0.58),
    storm: (x: number, y: number) => storm(x, y - 10, 0.58),
  }
  const days: [string, keyof typeof icon, number, number][] = [
    ['Thursday', 'rain', 12, 17],
    ['Friday', 'cloud', 11, 19],
    ['Saturday', 'sun', 13, 23],
    ['Sunday', 'sun', 14, 24],
    ['Monday', 'storm', 12, 18],
  ]
  const hours: [string, keyof typeof icon, number][] = [
    ['Now', 'rain', 17],
    ['15:00', 'rain', 17],
    ['16:00', 'cloud', 16],
    ['17:00', 'cloud', 15],
    ['18:00', 'cloud', 14],
  ]
  const at = (degrees: number) => 436 + ((degrees - 10) / 15) * 190
  return svg(
    820,
    1250,
    `${box(0, 0, 820, 1250, '#28527a')}<path d="M0 330Q220 250 430 320T820 290V0H0Z" fill="#2f5f8c"/>
    ${text(50, 62, '14:07', 28, 'fill="#fff" font-weight="600"')}<g fill="#fff"><rect x="690" y="46" width="8" height="14"/><rect x="703" y="40" width="8" height="20"/><rect x="716" y="34" width="8" height="26"/></g>
    <rect x="736" y="38" width="42" height="22" rx="6" fill="none" stroke="#fff" stroke-width="3"/><rect x="741" y="43" width="24" height="12" rx="2" fill="#fff"/>
    ${text(50, 160, 'Port Ellery', 50, 'fill="#fff" font-weight="600"')}${text(46, 322, '17°', 160, 'fill="#fff" font-weight="300"')}
    ${text(52, 384, 'Light rain · wind 11 km/h', 32, 'fill="#dcebf8"')}${rain(630, 236, 1.9)}
    <rect x="40" y="430" width="740" height="212" rx="28" fill="#1d4266"/>
    ${hours.map(([hour, kind, degrees], i) => text(114 + i * 148, 484, hour, 26, 'fill="#cfe0ef" text-anchor="middle"') + icon[kind](114 + i * 148, 540) + text(114 + i * 148, 618, `${degrees}°`, 32, 'fill="#fff" text-anchor="middle" font-weight="600"')).join('')}
    <rect x="40" y="668" width="740" height="544" rx="28" fill="#1d4266"/>${text(76, 726, 'NEXT FIVE DAYS', 22, 'fill="#a9c5dd" font-weight="600" letter-spacing="2"')}
    ${days
      .map(([day, kind, low, high], i) => {
        const y = 794 + i * 90
        return `${i ? `<path d="M76 ${y - 54}H744" stroke="#3a5f83" stroke-width="2"/>` : ''}${text(76, y + 8, day, 32, 'fill="#fff"')}${icon[kind](306, y - 4)}
        ${text(412, y + 8, `${low}°`, 30, 'fill="#a9c5dd" text-anchor="end"')}<rect x="436" y="${y - 8}" width="190" height="10" rx="5" fill="#163451"/><rect x="${at(low)}" y="${y - 8}" width="${at(high) - at(low)}" height="10" rx="5" fill="#f0b64a"/>${text(704, y + 8, `${high}°`, 32, 'fill="#fff" text-anchor="end" font-weight="600"')}`
      })
      .join('')}`,
  )
}

async function drawLetter() {
  const lines = [
    'Dear Ms Okafor,',
    '',
    'Thank you for your application. We are pleased to offer',
    'you plot 27 at the Riverbend allotments from 1 April.',
    '',
    'The rent for the year is £48.00. Please pay it before',
    '25 March, by card or at the office.',
    '',
    'You can collect the key on Saturday 21 March between',
    '10:00 and 12:00 at the tool shed. Please bring this',
    'letter with you.',
    '',
    'We look forward to meeting you.',
    '',
    'Yours sincerely,',
  ]
  const serif = 'font-family="Liberation Serif" fill="#23252b"'
  const paper = svg(
    800,
    1130,
    `${box(0, 0, 800, 1130, '#fdfcf8')}${box(0, 0, 800, 1130, '#ded7c6', 'opacity=".3" filter="url(#mottle)"')}
    <g transform="translate(80 66)"><circle cx="34" cy="34" r="34" fill="#27503f"/><path d="M34 58V32M34 40q-20-2-22-20q20 0 22 20M34 34q2-18 22-20q0 18-22 20" stroke="#fdfcf8" stroke-width="4" fill="#8fbf8a"/></g>
    ${text(168, 98, 'Riverbend Allotment Society', 32, `${serif} font-weight="700"`)}${text(168, 130, '2 Weir Lane, Port Ellery', 22, `${serif}`)}
    <path d="M80 166H720" stroke="#27503f" stroke-width="3"/>${text(720, 222, '3 March 2026', 25, `${serif} text-anchor="end"`)}
    ${lines.map((line, i) => text(80, 292 + i * 40, line, 27, serif)).join('')}
    <path d="M84 966c30-64 46-52 34 4c-6 30 18-40 36-34c14 6-14 38 10 34c26-6 30-46 44-40c12 8-16 42 8 38c34-6 44-70 58-64c14 8-30 70 0 66c30-6 40-34 70-40" fill="none" stroke="#1f3f8a" stroke-width="4" stroke-linecap="round"/>
    ${text(80, 1030, 'Tomas Lindqvist, Secretary', 27, serif)}`,
  )
  const desk = svg(
    1100,
    1400,
    `${wood(1100, 1400, '#5a4232', 230, 11)}
    <g transform="translate(960 1130) rotate(24)">${shade('M-8-330h34v520h-34z', 'translate(12 16)')}<rect x="-9" y="-320" width="30" height="470" rx="12" fill="#1f2126"/><rect x="-4" y="-320" width="7" height="470" fill="#5b5f69"/><path d="M-9 150h30l-10 56h-10z" fill="#c9a24b"/><rect x="-9" y="-210" width="30" height="12" fill="#c9a24b"/></g>
    ${shade('M60 268L770 70L1018 1120L262 1330Z', 'translate(18 26)')}`,
  )
  return laidOn(
    desk,
    paper,
    800,
    1130,
    [
      [66, 262],
      [772, 72],
      [1010, 1106],
      [262, 1318],
    ],
    light(1100, 1400),
  )
}

async function drawShoppingList() {
  const hand = 'font-family="Klee One" font-weight="600" fill="#24407f"'
  const items: [string, boolean][] = [
    ['12 eggs', false],
    ['2 rye loaves', false],
    ['butter', true],
    ['1 kg plums', false],
    ['goat cheese', false],
    ['coffee', true],
  ]
  const holes = Array.from(
    { length: 13 },
    (_, i) => `<circle cx="${48 + i * 52}" cy="40" r="11" fill="#7d3b33"/>`,
  ).join('')
  const dice = diceOf(12)
  const paper = svg(
    720,
    940,
    `<rect width="720" height="940" rx="14" fill="#fdf9e6"/>${box(0, 0, 720, 940, '#e2d8b4', 'opacity=".3" filter="url(#mottle)"')}
    ${Array.from({ length: 12 }, (_, i) => `<path d="M0 ${168 + i * 66}H720" stroke="#b9cbe0" stroke-width="2"/>`).join('')}<path d="M104 80V940" stroke="#e3a6a0" stroke-width="3"/>${holes}
    ${text(130, 156, 'Saturday market', 54, `${hand} transform="rotate(-1 130 156)"`)}<path d="M130 178q180-16 396-6" stroke="#24407f" stroke-width="4" fill="none"/>
    ${items
      .map(([item, crossed], i) => {
        const [y, turn] = [290 + i * 66, (dice() - 0.5) * 2.4]
        const width = item.length * 22
        return `<g transform="rotate(${turn.toFixed(2)} 140 ${y})"><circle cx="140" cy="${y - 16}" r="6" fill="#24407f"/>${text(166, y, item, 46, hand)}${crossed ? `<path d="M158 ${y - 10}q${width / 2}-14 ${width + 22}-6M162 ${y - 20}q${width / 2} 16 ${width + 14} 6" stroke="#24407f" stroke-width="5" fill="none" stroke-linecap="round"/>` : ''}</g>`
      })
      .join('')}
    <g transform="rotate(-3 130 800)">${text(130, 806, 'Call Nadia before 6!', 52, hand.replace('#24407f', '#b1271f'))}<path d="M130 828q200 14 470-4M150 842q180 10 420-4" stroke="#b1271f" stroke-width="4" fill="none"/></g>`,
  )
  const check = Array.from(
    { length: 11 },
    (_, i) =>
      box(i * 100, 0, 50, 1200, '#b5453a', 'opacity=".5"') + box(0, i * 120 - 30, 1000, 60, '#b5453a', 'opacity=".5"'),
  ).join('')
  const cloth = svg(
    1000,
    1200,
    `${box(0, 0, 1000, 1200, '#f2e4da')}${check}${box(0, 0, 1000, 1200, '#5a2a20', 'opacity=".28" filter="url(#mottle)"')}
    <g transform="translate(905 1080)"><ellipse cx="10" cy="22" rx="112" ry="104" fill="#3a1410" opacity=".45" filter="url(#blur12)"/><circle r="100" fill="#c33f2b"/><circle cx="-24" cy="-22" r="66" fill="#dd6a4c" opacity=".6" filter="url(#blur12)"/><path d="M4-8q-4-46 26-66" stroke="#4a2d18" stroke-width="9" fill="none" stroke-linecap="round"/><path d="M16-44q44-40 78-4q-44 30-78 4" fill="#5f8a3c"/></g>
    ${shade('M140 130L830 90L880 1070L176 1110Z', 'translate(14 20)')}`,
  )
  return laidOn(
    cloth,
    paper,
    720,
    940,
    [
      [142, 122],
      [826, 86],
      [868, 1050],
      [176, 1092],
    ],
    light(1000, 1200),
  )
}

function drawHomework() {
  const hand = 'font-family="Klee One" font-weight="600" fill="#24407f"'
  const [ax, ay, side] = [230, 600, 470]
  // Law of sines, so that the drawn angles are the printed ones: 52° at the left, 71° at the right, 57° on top.
  const left = (side * Math.sin(rad(71))) / Math.sin(rad(57))
  const [cx, cy] = around(ax, ay, left, -52).map(Number) as [number, number]
  const arc = (x: number, y: number, r: number, from: number, to: number) =>
    `<path d="M${around(x, y, r, from)}A${r} ${r} 0 0 1 ${around(x, y, r, to)}" fill="none" stroke="#b1271f" stroke-width="4"/>`
  const squares = `${Array.from({ length: 29 }, (_, i) => `M${i * 36} 0V1300`).join('')}${Array.from({ length: 37 }, (_, i) => `M0 ${i * 36}H1000`).join('')}`
  return svg(
    1000,
    1300,
    `${box(0, 0, 1000, 1300, '#fefefb')}<path d="${squares}" stroke="#d5e3f0" stroke-width="1.5"/><path d="M88 0V1300" stroke="#eab0aa" stroke-width="3"/>
    ${text(120, 76, 'Worksheet 4: triangles', 38, 'font-weight="700"')}${text(900, 76, 'Name: Lin', 34, `${hand} text-anchor="end"`)}
    ${text(120, 146, '1   Find the angle x.', 30, 'font-weight="600"')}
    <path d="M${ax} ${ay}L${cx} ${cy}L${ax + side} ${ay}Z" fill="#eef4fb" stroke="#1f2126" stroke-width="5" stroke-linejoin="round"/>
    ${arc(ax, ay, 74, -52, 0)}${arc(ax + side, ay, 74, 180, 251)}${arc(cx, cy, 64, 71, 128)}
    ${text(ax + 86, ay - 32, '52°', 32)}${text(ax + side - 146, ay - 42, '71°', 32)}${text(cx - 6, cy + 112, 'x', 36, 'text-anchor="middle" font-style="italic" font-family="Liberation Serif" font-weight="700"')}
    <path d="M120 662H900" stroke="#c4c6ca" stroke-width="3"/>
    ${text(120, 722, '2   Find the length c. The marked angle is 90°.', 30, 'font-weight="600"')}
    <path d="M210 1060V790L570 1060Z" fill="#fff6e6" stroke="#1f2126" stroke-width="5" stroke-linejoin="round"/><path d="M210 1020h40v40" fill="none" stroke="#1f2126" stroke-width="4"/><circle cx="230" cy="1040" r="4" fill="#1f2126"/>
    ${text(196, 938, '6 cm', 30, 'text-anchor="end"')}${text(390, 1104, '8 cm', 30, 'text-anchor="middle"')}${text(412, 906, 'c', 36, 'font-style="italic" font-family="Liberation Serif" font-weight="700"')}
    ${text(630, 900, 'c = 6 + 8', 46, hand)}${text(630, 972, 'c = 14 cm', 46, hand)}<path d="M630 990q110 12 210-4" stroke="#24407f" stroke-width="4" fill="none"/>
    <path d="M120 1160H900" stroke="#c4c6ca" stroke-width="3"/>${text(120, 1222, 'Show your working. No calculator needed.', 26, 'fill="#54575e"')}
    ${box(0, 0, 1000, 1300, '#8a7f66', 'opacity=".08" filter="url(#mottle)"')}`,
  )
}

function drawNutrition() {
  const rows: [string, string, string][] = [
    ['Energy', '138 kcal', '460 kcal'],
    ['Fat', '5.4 g', '18.0 g'],
    ['  of which saturates', '0.6 g', '2.0 g'],
    ['Carbohydrate', '17.1 g', '57.0 g'],
    ['  of which sugars', '1.2 g', '4.0 g'],
    ['Fibre', '3.0 g', '10.0 g'],
    ['Protein', '3.9 g', '13.0 g'],
    ['Salt', '0.42 g', '1.40 g'],
  ]
  const crimp = (y: number) =>
    Array.from(
      { length: 42 },
      (_, i) => `<rect x="${82 + i * 20}" y="${y}" width="9" height="46" fill="#8c6a3e" opacity=".35"/>`,
    ).join('')
  return svg(
    1000,
    1300,
    `${box(0, 0, 1000, 1300, '#dfe6e2')}${box(0, 0, 1000, 1300, '#7c8f86', 'opacity=".3" filter="url(#mottle)"')}
    ${shade('M76 50H924V1262H76Z', 'translate(10 20)')}<path d="M72 40H928Q914 640 928 1250H72Q86 640 72 40Z" fill="#c89f62"/><path d="M72 40H928Q914 640 928 1250H72Q86 640 72 40Z" fill="#8c6a3e" opacity=".3" filter="url(#mottle)"/>
    ${crimp(44)}${crimp(1200)}<path d="M110 110Q98 640 110 1190" stroke="#f1d9ac" stroke-width="16" opacity=".5" fill="none" filter="url(#blur4)"/>
    ${text(500, 168, 'Oat & Seed Crackers', 54, 'text-anchor="middle" font-weight="700" fill="#3a2714"')}
    <rect x="150" y="206" width="700" height="694" rx="10" fill="#fffdf7" stroke="#1f2126" stroke-width="4"/>
    ${text(180, 266, 'Nutrition', 40, 'font-weight="700"')}${text(180, 308, 'Serving size 30 g · servings per packet 8', 25, 'fill="#3d4047"')}
    ${box(150, 328, 700, 10, '#1f2126')}${text(640, 376, 'per serving', 23, 'text-anchor="end" font-weight="700"')}${text(820, 376, 'per 100 g', 23, 'text-anchor="end" font-weight="700"')}
    ${rows
      .map(([name, serving, hundred], i) => {
        const y = 430 + i * 60
        const main = name.startsWith(' ') ? '' : 'font-weight="600"'
        return `<path d="M180 ${y - 40}H820" stroke="#b9b4a8" stroke-width="2"/>${text(main ? 180 : 212, y, name.trim(), 28, main)}${text(640, y, serving, 28, 'text-anchor="end"')}${text(820, y, hundred, 28, 'text-anchor="end"')}`
      })
      .join('')}
    ${stacked(500, 990, ['Ingredients: oat flour (52%), pumpkin seeds, sesame,', 'sunflower oil, barley malt, sea salt.'], 25, 'fill="#3a2714"')}
    ${text(500, 1082, 'Contains gluten and sesame.', 29, 'text-anchor="middle" font-weight="700" fill="#3a2714"')}
    ${text(500, 1150, '240 g', 44, 'text-anchor="middle" font-weight="700" fill="#3a2714"')}${light(1000, 1300)}`,
  )
}

// ---- diagrams ----

function drawFloorPlan() {
  // 100 units are one metre; the plan starts at (100, 160).
  const rooms: [x: number, y: number, w: number, h: number, name: string, fill: string][] = [
    [0, 0, 500, 400, 'Living room', '#fbf3e2'],
    [0, 400, 500, 300, 'Kitchen', '#eef4ea'],
    [500, 0, 150, 700, 'Hall', '#f3f2ee'],
    [650, 0, 450, 300, 'Bedroom 1', '#eaf0f9'],
    [650, 300, 450, 160, 'Bathroom', '#e3f2f3'],
    [650, 460, 450, 240, 'Bedroom 2', '#f3ecf6'],
  ]
  const label = (x: number, y: number, name: string, area: number) =>
    text(x, y, name, 26, 'text-anchor="middle" font-weight="600"') +
    text(x, y + 30, `${area.toFixed(1)} m²`, 22, 'text-anchor="middle" fill="#54575e"')
  const places: Corner[] = [
    [270, 150],
    [330, 556],
    [575, 330],
    [880, 200],
    [800, 348],
    [965, 622],
  ]
  const window = (x: number, y: number, w: number, h: number) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="#fff" stroke="#2b2d33" stroke-width="3"/>${w > h ? `<path d="M${x} ${y + h / 2}h${w}" stroke="#2b2d33" stroke-width="2"/>` : `<path d="M${x + w / 2} ${y}v${h}" stroke="#2b2d33" stroke-width="2"/>`}`
  const gap = (x: number, y: number, w: number, h: number, swing: string) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="#f6f4ee"/><path d="${swing}" fill="none" stroke="#86888c" stroke-width="3"/>`
  const thing = (x: number, y: number, w: number, h: number, r = 8) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${r}" fill="#fff" stroke="#8d8f94" stroke-width="3"/>`
  const chairs = [
    [96, 508],
    [176, 508],
    [96, 626],
    [176, 626],
  ]
    .map(([x, y]) => thing(x!, y!, 44, 26, 10))
    .join('')
  return svg(
    1300,
    950,
    `${box(0, 0, 1300, 950, '#fafaf8')}${text(100, 92, 'Flat 6, second floor', 42, 'font-weight="700"')}<path d="M1100 104v12h100v-12" fill="none" stroke="#54575e" stroke-width="4"/>${text(1150, 94, '1 m', 24, 'text-anchor="middle" fill="#54575e"')}
    <g transform="translate(100 160)">${rooms.map(([x, y, w, h, , fill]) => box(x, y, w, h, fill)).join('')}
    ${thing(40, 300, 210, 72, 16)}${thing(40, 326, 210, 46, 12)}${thing(90, 226, 110, 48)}${thing(18, 60, 30, 150, 4)}<circle cx="446" cy="52" r="28" fill="#cfe3c4" stroke="#7a9a6a" stroke-width="3"/>
    ${chairs}${thing(80, 540, 160, 80)}${thing(420, 430, 66, 254, 4)}<circle cx="453" cy="480" r="18" fill="none" stroke="#8d8f94" stroke-width="3"/><circle cx="453" cy="530" r="18" fill="none" stroke="#8d8f94" stroke-width="3"/>${thing(432, 590, 42, 60, 10)}
    ${thing(925, 30, 158, 118)}${thing(935, 40, 60, 30, 6)}${thing(1008, 40, 60, 30, 6)}${thing(672, 14, 60, 150, 4)}
    ${thing(880, 318, 200, 84, 30)}${thing(894, 330, 172, 60, 24)}${thing(676, 404, 54, 42, 12)}${thing(760, 410, 60, 40, 8)}
    ${thing(940, 480, 144, 92)}${thing(1030, 490, 46, 72, 6)}${thing(680, 634, 170, 48, 4)}
    <path d="M0 0H1100V700H0Z" fill="none" stroke="#2b2d33" stroke-width="18" stroke-linejoin="miter"/>
    <path d="M500 0V700M650 0V700M0 400H500M650 300H1100M650 460H1100" stroke="#2b2d33" stroke-width="12"/>
    ${window(120, -9, 190, 18)}${window(-9, 120, 18, 160)}${window(-9, 470, 18, 140)}${window(800, -9, 170, 18)}${window(1091, 345, 18, 70)}${window(1091, 590, 18, 80)}
    ${gap(493, 120, 14, 90, 'M500 120H410A90 90 0 0 0 500 210')}${gap(300, 393, 90, 14, 'M300 400V490A90 90 0 0 0 390 400')}
    ${gap(643, 200, 14, 80, 'M650 280H730A80 80 0 0 0 650 200')}${gap(643, 330, 14, 70, 'M650 330H720A70 70 0 0 1 650 400')}${gap(643, 490, 14, 80, 'M650 490H730A80 80 0 0 1 650 570')}
    ${gap(530, 690, 90, 20, 'M530 700V610A90 90 0 0 1 620 700')}
    ${rooms.map(([, , w, h, name], i) => label(places[i]![0], places[i]![1], name, (w * h) / 10_000)).join('')}
    ${text(575, 752, 'Entrance', 22, 'text-anchor="middle" fill="#54575e"')}</g>`,
  )
}

function drawCityMap() {
  const dice = diceOf(31)
  const rows: [string, number, number][] = [
    ['Castle Street', 220, 34],
    ['Garden Street', 350, 26],
    ['Mill Street', 700, 34],
    ['Baker Street', 830, 26],
  ]
  const columns: [string, number, number][] = [
    ['Oak Avenue', 250, 26],
    ['Bridge Road', 620, 34],
    ['Tower Road', 1010, 34],
  ]
  const river = 'M-20 470C200 420 380 590 640 540S1050 440 1320 560'
  const tall = (x: number, wide: number) =>
    (x === 250 ? [`M${x} -20V350`, `M${x} 700V970`] : [`M${x} -20V970`]).map((d) => [d, wide] as const)
  const streets = [
    ...rows.map(([, y, wide]) => [`M-20 ${y}H1320`, wide] as const),
    ...columns.flatMap(([, x, wide]) => tall(x, wide)),
  ]
  const stroke = (extra: number, colour: string) =>
    streets
      .map(([d, wide]) => `<path d="${d}" stroke="${colour}" stroke-width="${wide + extra}" fill="none"/>`)
      .join('')
  const grounds: [x: number, y: number, w: number, h: number, fill: string][] = [
    [288, 246, 300, 82, '#cfe3bd'],
    [652, 724, 326, 82, '#e6d9ea'],
    [40, 724, 184, 82, '#d5e6dd'],
    [1042, 246, 214, 82, '#f3ddcb'],
  ]
  const houses: string[] = []
  for (let y = 18; y < 930; y += 46)
    for (let x = 16; x < 1280; x += 54) {
      const [w, h] = [30 + dice() * 16, 24 + dice() * 12]
      const free = (at: number, size: number, from: number, to: number) => at + size + 26 < from || at - 26 > to
      const wet = y + h > 395 && y < 640
      const clear = rows.every(([, at]) => free(y, h, at, at)) && columns.every(([, at]) => free(x, w, at, at))
      const taken = grounds.some(
        ([gx, gy, gw, gh]) => x + w > gx - 6 && x < gx + gw + 6 && y + h > gy - 6 && y < gy + gh + 6,
      )
      if (clear && !wet && !taken && dice() > 0.12) houses.push(box(x, y, w, h, '#e0d9cb', 'rx="3"'))
    }
  const halo = 'paint-order="stroke" stroke="#fff" stroke-width="6" stroke-linejoin="round"'
  const name = (x: number, y: number, label: string, turn = 0) =>
    text(
      x,
      y,
      label,
      22,
      `text-anchor="middle" fill="#54575e" font-weight="500" ${turn ? `transform="rotate(${turn} ${x} ${y})"` : ''}`,
    )
  const pin = (x: number, y: number, letter: string, fill: string) =>
    `<circle cx="${x}" cy="${y}" r="30" fill="${fill}" stroke="#fff" stroke-width="6"/>${text(x, y + 12, letter, 34, 'text-anchor="middle" fill="#fff" font-weight="700"')}`
  const place = (x: number, y: number, label: string) =>
    text(x, y, label, 26, `text-anchor="middle" font-weight="700" fill="#23252b" ${halo}`)
  return svg(
    1300,
    950,
    `${box(0, 0, 1300, 950, '#f1ede3')}${houses.join('')}${grounds.map(([x, y, w, h, fill]) => box(x, y, w, h, fill, 'rx="12"')).join('')}${Array.from({ length: 9 }, (_, i) => `<circle cx="${312 + i * 32}" cy="${266 + ((i * 29) % 44)}" r="12" fill="#a9cc92"/>`).join('')}
    <path d="${river}" stroke="#a9d0e8" stroke-width="92" fill="none"/>${stroke(8, '#d3ccbd')}${stroke(0, '#fff')}
    ${[620, 1010].map((x) => `<path d="M${x - 23} ${x === 620 ? 476 : 440}v${x === 620 ? 132 : 120}M${x + 23} ${x === 620 ? 476 : 440}v${x === 620 ? 132 : 120}" stroke="#8d8674" stroke-width="6"/>`).join('')}
    <path d="M150 700H620V220H1130" fill="none" stroke="#1d5bb8" stroke-width="14" stroke-linejoin="round" stroke-linecap="round"/>
    ${name(440, 228, 'Castle Street')}${name(800, 358, 'Garden Street')}${name(810, 708, 'Mill Street')}${name(480, 838, 'Baker Street')}
    ${name(258, 120, 'Oak Avenue', -90)}${name(628, 110, 'Bridge Road', -90)}${name(1018, 620, 'Tower Road', -90)}
    ${text(250, 512, 'River Ell', 28, 'font-style="italic" fill="#2f6f9a" font-weight="600" text-anchor="middle" transform="rotate(10 250 512)"')}
    ${place(438, 296, 'Lime Park')}${place(815, 774, 'Market Hall')}${place(132, 782, 'Station')}${place(1149, 302, 'Museum')}
    ${pin(150, 700, 'A', '#1a7340')}${pin(1130, 220, 'B', '#a34700')}
    <g transform="translate(1224 84)"><circle r="44" fill="#fff" stroke="#c9c2b2" stroke-width="3"/><path d="M0-30L12 8H-12Z" fill="#b1271f"/>${text(0, 32, 'N', 24, 'text-anchor="middle" font-weight="700"')}</g>`,
  )
}

function drawChess() {
  // Back-rank mate: nothing of Black's can reach the eighth rank, the rook on b2 stands behind the pawn on b3.
  const pieces = {
    white: { K: 'g1', R: 'a1', P: 'b3 f2 g2 h2' },
    black: { K: 'g8', R: 'b2', N: 'd4', P: 'c6 f7 g7 h7' },
  }
  const glyphs: Record<string, string> = { K: '♚', R: '♜', N: '♞', P: '♟' }
  const [origin, cell] = [80, 120]
  const squares = Array.from({ length: 64 }, (_, i) => {
    const [file, rank] = [i % 8, Math.floor(i / 8)]
    return box(origin + file * cell, 60 + rank * cell, cell, cell, (file + rank) % 2 ? '#7d9a78' : '#eeebdc')
  })
  const set = Object.entries(pieces).flatMap(([side, army]) =>
    Object.entries(army).flatMap(([piece, places]) =>
      places.split(' ').map((place) => {
        const x = origin + (place.charCodeAt(0) - 97) * cell + cell / 2
        const y = 60 + (8 - Number(place[1])) * cell + 96
        const paint =
          side === 'white'
            ? 'fill="#fffdf6" stroke="#2b2622" stroke-width="2.6"'
            : 'fill="#2b2622" stroke="#100d0b" stroke-width="1"'
        return `<ellipse cx="${x + 4}" cy="${y + 4}" rx="36" ry="9" fill="#1c2418" opacity=".3"/>${text(x, y, glyphs[piece]!, 106, `text-anchor="middle" font-family="DejaVu Sans" ${paint}`)}`
      }),
    ),
  )
  const coordinates = Array.from(
    { length: 8 },
    (_, i) =>
      text(
        origin + i * cell + cell / 2,
        1066,
        'abcdefgh'[i]!,
        30,
        'text-anchor="middle" fill="#f1e6d2" font-weight="600"',
      ) +
      text(48, 60 + i * cell + cell / 2 + 11, `${8 - i}`, 30, 'text-anchor="middle" fill="#f1e6d2" font-weight="600"'),
  )
  return svg(
    1100,
    1100,
    `${box(0, 0, 1100, 1100, '#4f3526')}${box(10, 10, 1080, 1080, '#5f4130')}${box(origin - 8, 52, 8 * cell + 16, 8 * cell + 16, '#2c1c12')}${squares.join('')}${set.join('')}${coordinates.join('')}`,
  )
}

function drawShapes() {
  const colours = { blue: '#2b6cc4', red: '#c8453a', yellow: '#e5ae32', green: '#3f8f63' }
  type Colour = keyof typeof colours
  const wanted: [string, Colour[]][] = [
    ['circle', ['blue', 'blue', 'blue', 'red', 'yellow', 'green']],
    ['square', ['blue', 'blue', 'red', 'yellow', 'green']],
    ['triangle', ['blue', 'red', 'red', 'green']],
    ['star', ['blue', 'yellow', 'yellow']],
  ]
  const polygon = (n: number, r: number, inner = r) =>
    path(Array.from({ length: n }, (_, i) => around(0, 0, i % 2 ? inner : r, (i * 360) / n - 90)))
  const form: Record<string, string> = {
    circle: '<circle r="62"/>',
    square: '<rect x="-56" y="-56" width="112" height="112"/>',
    triangle: `<path d="${polygon(3, 78)}Z"/>`,
    star: `<path d="${polygon(10, 84, 37)}Z"/>`,
  }
  const dice = diceOf(77)
  const placed: Corner[] = []
  // The farthest of many random spots from what lies already: scattered, yet nothing touches.
  const place = (): Corner => {
    const room = ([x, y]: Corner) => Math.min(9999, ...placed.map(([px, py]) => Math.hypot(px - x, py - y)))
    const spots = Array.from({ length: 400 }, (): Corner => [110 + dice() * 980, 110 + dice() * 680])
    const best = spots.reduce((one, other) => (room(other) > room(one) ? other : one))
    if (room(best) < 172) throw new Error('the shapes do not fit without touching')
    placed.push(best)
    return best
  }
  const shapes = wanted.flatMap(([kind, paints]) =>
    paints.map((colour) => {
      const [x, y] = place()
      return `<g transform="translate(${x.toFixed(1)} ${y.toFixed(1)}) rotate(${(dice() * 360).toFixed(1)})" fill="${colours[colour]}">${form[kind]}</g>`
    }),
  )
  // The shadow is drawn for all shapes at once, so that it falls the same way whatever each one's turn is.
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#f3ecdf')}${box(0, 0, 1200, 900, '#a8916a', 'opacity=".22" filter="url(#mottle)"')}<g filter="url(#lift)">${shapes.join('')}</g>${light(1200, 900)}`,
  )
}

// ---- scenes ----

function drawLake() {
  const ridge = (base: number, height: number, seed: number, fill: string) => {
    const dice = diceOf(seed)
    const points: Corner[] = Array.from({ length: 17 }, (_, i) => [
      i * 80,
      base - (i % 2 ? 0.35 + dice() * 0.25 : 0.6 + dice() * 0.4) * height,
    ])
    return `<path d="${path([[0, base], ...points, [1280, base]])}Z" fill="${fill}"/>`
  }
  const boat = (x: number, y: number, s: number, sail: string) => {
    const shape = `<path d="M-62 0H62L44 26H-44Z" fill="#5d3a24"/><path d="M-62 0H62L60 5H-59Z" fill="#e9dcc5"/><path d="M-3-142h5V0h-5z" fill="#3d2a1c"/><path d="M8-136Q66-66 58-12H8Z" fill="${sail}"/><path d="M-9-116Q-50-58-50-12H-9Z" fill="${sail}"/><path d="M-9-116Q-50-58-50-12H-9Z" fill="#3d2a1c" opacity=".14"/>`
    return `<g transform="translate(${x} ${y}) scale(${s})"><g transform="translate(0 50) scale(1 -.7)" opacity=".28">${shape}</g><ellipse cx="0" cy="28" rx="60" ry="6" fill="#123f55" opacity=".45"/>${shape}</g>`
  }
  const dice = diceOf(4)
  const glitter = Array.from({ length: 150 }, () => {
    const y = 428 + dice() ** 1.4 * 460
    const near = (y - 400) / 500
    return `<path d="M${(dice() * 1280).toFixed(0)} ${y.toFixed(0)}h${(14 + dice() * 90 * near).toFixed(0)}" stroke="#e8f5f7" stroke-width="${(1 + near * 3).toFixed(1)}" stroke-linecap="round" opacity="${(0.12 + dice() * 0.3).toFixed(2)}"/>`
  })
  const trail = Array.from(
    { length: 40 },
    (_, i) =>
      `<path d="M${(930 - 20 - i * 1.1 + (dice() - 0.5) * 60).toFixed(0)} ${430 + i * 11}h${(34 + dice() * 60).toFixed(0)}" stroke="#ffe9bf" stroke-width="5" stroke-linecap="round" opacity="${(0.5 - i * 0.01).toFixed(2)}"/>`,
  )
  const pine = (x: number, y: number, s: number) =>
    `<g transform="translate(${x} ${y}) scale(${s})" fill="#1e3b33"><path d="M-6 0h12v-30h-12z"/><path d="M0-210L34-140H16L50-84H24L62-24H-62L-24-84H-50L-16-140H-34Z"/></g>`
  return svg(
    1280,
    900,
    `<linearGradient id="sky" x2="0" y2="1"><stop stop-color="#7fb4d2"/><stop offset=".6" stop-color="#f4dcb6"/><stop offset="1" stop-color="#f7c795"/></linearGradient>
    <linearGradient id="water" x2="0" y2="1"><stop stop-color="#c9c3a8"/><stop offset=".18" stop-color="#7fb0bb"/><stop offset="1" stop-color="#1f5a78"/></linearGradient>
    ${box(0, 0, 1280, 430, 'url(#sky)')}<circle cx="930" cy="262" r="150" fill="#fff0cd" opacity=".6" filter="url(#blur30)"/><circle cx="930" cy="262" r="56" fill="#fff6df"/>
    ${cloud(240, 120, 1.5, '#fff', 'opacity=".75"')}${cloud(600, 90, 1, '#fff', 'opacity=".55"')}${cloud(1130, 130, 1.1, '#fff', 'opacity=".6"')}
    ${ridge(430, 230, 8, '#a3b4c4')}${ridge(430, 150, 21, '#7d97a6')}${ridge(430, 74, 35, '#54756f')}
    ${box(0, 424, 1280, 476, 'url(#water)')}${trail.join('')}${glitter.join('')}
    ${boat(430, 470, 0.42, '#f7f4ea')}${boat(205, 500, 0.55, '#c93b2e')}${boat(800, 492, 0.52, '#c93b2e')}${boat(1085, 540, 0.72, '#f7f4ea')}
    ${boat(600, 570, 0.8, '#efc23c')}${boat(320, 720, 1.2, '#2f6fc0')}${boat(890, 755, 1.36, '#c93b2e')}
    <path d="M0 900V820Q70 800 150 838Q220 866 260 900Z" fill="#2a4038"/><path d="M1280 900V800Q1200 812 1150 856L1110 900Z" fill="#2a4038"/>
    ${pine(40, 850, 1.15)}${pine(118, 872, 0.8)}${pine(1240, 850, 1.2)}`,
  )
}

function drawDesk() {
  const leaf = (turn: number, length: number, fill: string) =>
    `<path transform="rotate(${turn})" d="M0 0Q${length * 0.22}-${length * 0.5} 0-${length}Q-${length * 0.22}-${length * 0.5} 0 0Z" fill="${fill}"/>`
  const leaves = (
    [
      [-62, 190],
      [58, 196],
      [-34, 240],
      [36, 236],
      [-12, 264],
      [12, 250],
    ] as const
  ).map(([turn, length], i) => leaf(turn, length, ['#2f6b46', '#3b7d53', '#4a9163'][i % 3]!))
  const book = (y: number, x: number, w: number, h: number, fill: string, band: string) =>
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="6" fill="${fill}"/><rect x="${x}" y="${y}" width="${w}" height="8" rx="4" fill="#fff" opacity=".18"/><rect x="${x + 26}" y="${y}" width="12" height="${h}" fill="${band}"/><rect x="${x + w - 38}" y="${y}" width="12" height="${h}" fill="${band}"/>`
  const shadow = (x: number, y: number, rx: number) =>
    `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="16" fill="#2a1708" opacity=".5" filter="url(#blur12)"/>`
  return svg(
    1280,
    900,
    `<linearGradient id="wall" x2="1" y2="1"><stop stop-color="#d8dfdb"/><stop offset="1" stop-color="#b9c5c0"/></linearGradient><radialGradient id="glow" cx=".5" cy="0" r=".9"><stop stop-color="#ffe6a8" stop-opacity=".85"/><stop offset="1" stop-color="#ffe6a8" stop-opacity="0"/></radialGradient>
    ${box(0, 0, 1280, 660, 'url(#wall)')}${box(0, 0, 1280, 660, '#75857e', 'opacity=".22" filter="url(#mottle)"')}
    <path d="M700 40H960L1080 470H790Z" fill="#fff8e2" opacity=".35" filter="url(#blur4)"/><path d="M824 30l98 450M735 170l265 0M766 310l280 0" stroke="#c3ccc6" stroke-width="12" opacity=".6" filter="url(#blur4)"/>
    <g transform="translate(0 640)">${wood(1280, 260, '#a9794c', 90, 17)}</g>${box(0, 632, 1280, 12, '#c4935f')}${box(0, 644, 1280, 20, '#3a2210', 'opacity=".25" filter="url(#blur4)"')}
    <path d="M380 398H636L750 742H260Z" fill="url(#glow)" opacity=".8" filter="url(#blur4)"/>
    ${shadow(230, 742, 120)}${shadow(510, 742, 120)}${shadow(800, 742, 110)}${shadow(1102, 742, 170)}
    <path d="M300 590q76 0 76 58t-86 60" fill="none" stroke="#a83a2e" stroke-width="24"/><path d="M140 556H312V716Q312 742 284 742H168Q140 742 140 716Z" fill="#c5473a"/><path d="M140 556h34v186h-6q-28 0-28-26z" fill="#d9695a"/><ellipse cx="226" cy="556" rx="86" ry="17" fill="#8c2e24"/><ellipse cx="226" cy="559" rx="72" ry="12" fill="#4a2a1a"/><path d="M140 640H312v34H140z" fill="#f3e3cf"/>
    <path d="M196 520q-16-26 4-48t0-50M246 522q-16-26 4-48t0-50" fill="none" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".4" filter="url(#blur4)"/>
    <path d="M430 742q4-34 78-34t78 34z" fill="#2d3a45"/><path d="M500 712V392h16v320z" fill="#3c4c59"/><path d="M432 250H584L640 396H376Z" fill="#2f6f73"/><path d="M432 250H476L436 396H376Z" fill="#4b8e91"/><ellipse cx="508" cy="396" rx="132" ry="16" fill="#fff0c4"/><rect x="492" y="226" width="32" height="26" rx="6" fill="#2d3a45"/>
    <g transform="translate(800 600)">${leaves.join('')}</g><path d="M706 582H894L870 742H730Z" fill="#c9754a"/><path d="M706 582H758L772 742H730Z" fill="#dc8f66"/><rect x="694" y="566" width="212" height="42" rx="8" fill="#b8643b"/>
    ${book(694, 952, 300, 50, '#2f7a4d', '#d9c78a')}${book(646, 970, 270, 48, '#efe2c6', '#a3927a')}${book(602, 960, 254, 44, '#2b569c', '#d9c78a')}
    ${light(1280, 900)}`,
  )
}

function drawNight() {
  const dice = diceOf(9)
  const lit = new Set(['1-1', '2-0', '4-2'])
  const houses = (
    [
      [-20, 250, 190],
      [225, 290, 150],
      [505, 230, 230],
      [730, 280, 120],
      [1000, 300, 200],
    ] as const
  ).map(([x, w, top], house) => {
    const roof =
      house % 2 ? `M${x} ${top}L${x + w / 2} ${top - 90}L${x + w} ${top}Z` : `M${x} ${top}V${top - 26}H${x + w}V${top}Z`
    const windows = Array.from({ length: 4 }, (_, i) => {
      const [wx, wy] = [x + 46 + (i % 2) * (w - 150), top + 60 + Math.floor(i / 2) * 150]
      const on = lit.has(`${house}-${i}`)
      const glow = on
        ? `<rect x="${wx - 14}" y="${wy - 14}" width="86" height="114" fill="#f0a945" opacity=".35" filter="url(#blur12)"/>`
        : ''
      return `${glow}<rect x="${wx}" y="${wy}" width="58" height="86" fill="${on ? '#f3bb62' : '#0b101b'}"/><path d="M${wx + 29} ${wy}v86M${wx} ${wy + 40}h58" stroke="${on ? '#7a4f1c' : '#161d2c'}" stroke-width="5"/>`
    })
    return `<path d="${roof}" fill="${['#141a29', '#171e2f'][house % 2]}"/>${box(x, top, w, 700 - top, ['#10151f', '#131a28', '#0f141e'][house % 3]!)}${windows.join('')}`
  })
  const stones = Array.from({ length: 120 }, () => {
    const y = 716 + dice() ** 1.3 * 180
    const warm = Math.max(0, 1 - Math.abs(dice() * 1280 - 640) / 900)
    const x = dice() * 1280
    const near = Math.max(0, 1 - Math.abs(x - 850) / 420)
    return `<ellipse cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" rx="${(10 + (y - 700) / 9).toFixed(0)}" ry="${(2 + (y - 700) / 50).toFixed(1)}" fill="${near > 0.3 ? '#c98a3f' : '#33415c'}" opacity="${(0.08 + near * 0.3 * warm).toFixed(2)}"/>`
  })
  const stars = Array.from(
    { length: 46 },
    () =>
      `<circle cx="${(dice() * 1280).toFixed(0)}" cy="${(dice() * 150).toFixed(0)}" r="${(0.8 + dice() * 1.2).toFixed(1)}" fill="#cbd7ee" opacity="${(0.25 + dice() * 0.5).toFixed(2)}"/>`,
  )
  return svg(
    1280,
    900,
    `<linearGradient id="dusk" x2="0" y2="1"><stop stop-color="#060a15"/><stop offset="1" stop-color="#1b2742"/></linearGradient><linearGradient id="road" x2="0" y2="1"><stop stop-color="#141a27"/><stop offset="1" stop-color="#07090f"/></linearGradient>
    <linearGradient id="cone" x2="0" y2="1"><stop stop-color="#ffd58a" stop-opacity=".55"/><stop offset="1" stop-color="#ffd58a" stop-opacity=".04"/></linearGradient>
    ${box(0, 0, 1280, 900, 'url(#dusk)')}${stars.join('')}<path d="M150 44a40 40 0 1 0 34 62a32 32 0 1 1-34-62z" fill="#e8e3cf"/>
    ${houses.join('')}${box(0, 690, 1280, 210, 'url(#road)')}${box(0, 686, 1280, 10, '#232c3f')}
    <ellipse cx="850" cy="760" rx="330" ry="76" fill="#d99a48" opacity=".36" filter="url(#blur30)"/>${stones.join('')}
    <path d="M846 262h8L1080 770H620Z" fill="url(#cone)" filter="url(#blur12)"/>
    <path d="M965 742V270q0-44-60-44h-20" fill="none" stroke="#05070c" stroke-width="13"/><rect x="944" y="728" width="42" height="24" rx="4" fill="#05070c"/><path d="M812 236h76l-14-22h-48z" fill="#05070c"/><ellipse cx="850" cy="242" rx="34" ry="12" fill="#fff0c8"/><circle cx="850" cy="246" r="70" fill="#ffd58a" opacity=".55" filter="url(#blur30)"/>
    <ellipse cx="790" cy="762" rx="150" ry="14" fill="#030408" opacity=".75" filter="url(#blur4)"/>
    <g fill="#4a2f1b"><rect x="640" y="590" width="290" height="20" rx="4"/><rect x="640" y="620" width="290" height="20" rx="4"/><rect x="630" y="672" width="310" height="20" rx="5" fill="#6b4526"/></g><g fill="#0a0b10"><rect x="662" y="584" width="12" height="178"/><rect x="896" y="584" width="12" height="178"/></g><path d="M640 591h290M630 673h310" stroke="#d99a48" stroke-width="3" opacity=".7"/>
    <g transform="translate(770 674)"><path d="M40-8q52 2 44 44q-6 30-28 26" fill="none" stroke="#c07a3a" stroke-width="13" stroke-linecap="round"/><path d="M-34 0q-8-66 24-84h22q44 26 36 84z" fill="#b56f34"/><path d="M-20 0q-4-40 8-58" stroke="#8a4f22" stroke-width="6" fill="none"/><path d="M-36-134l8 30h44l10-30l-20 14h-22z" fill="#b56f34"/><ellipse cx="-5" cy="-98" rx="34" ry="29" fill="#c98548"/><path d="M-36-136l6 28l18-14z" fill="#c98548"/><path d="M27-136l-6 28l-18-14z" fill="#c98548"/><circle cx="-16" cy="-101" r="5" fill="#f7e27a"/><circle cx="8" cy="-101" r="5" fill="#f7e27a"/><circle cx="-16" cy="-101" r="2.4" fill="#161009"/><circle cx="8" cy="-101" r="2.4" fill="#161009"/><path d="M-8-89h8l-4 5z" fill="#6b3a2a"/><path d="M-22 0v-26M14 0v-26" stroke="#8a4f22" stroke-width="5"/></g>
    ${box(0, 0, 1280, 900, '#000', 'opacity=".18"')}${box(0, 0, 1280, 900, '#8fa3c8', 'opacity=".16" filter="url(#noise)"')}`,
  )
}

function drawClock() {
  const marks = Array.from({ length: 60 }, (_, i) => {
    const big = i % 5 === 0
    return `<path d="M${around(0, 0, big ? 318 : 332, i * 6)}L${around(0, 0, 350, i * 6)}" stroke="#2b2d33" stroke-width="${big ? 11 : 4}"/>`
  })
  const numbers = Array.from({ length: 12 }, (_, i) => {
    const [x, y] = around(0, 0, 262, (i + 1) * 30 - 90)
    return text(x, y + 22, `${i + 1}`, 62, 'text-anchor="middle" font-weight="500" fill="#2b2d33"')
  })
  const [hour, minute, second] = [7, 22, 12]
  const minutes = minute + second / 60
  const hand = (degrees: number, shape: string, dx: number, dy: number, paint: string) =>
    `<g transform="translate(${dx} ${dy}) rotate(${degrees})" ${paint}>${shape}</g>`
  const hands: [number, string, string][] = [
    [(hour + minutes / 60) * 30, '<path d="M-13 46L-10-196L0-210L10-196L13 46Z"/>', '#23252b'],
    [minutes * 6, '<path d="M-10 56L-7-296L0-312L7-296L10 56Z"/>', '#23252b'],
    [second * 6, '<path d="M-3 84H3V-318H-3Z"/><circle cy="60" r="12"/>', '#c0392b'],
  ]
  return svg(
    1200,
    1200,
    `<linearGradient id="plaster" x2="1" y2="1"><stop stop-color="#8fb0ab"/><stop offset="1" stop-color="#6a8f8c"/></linearGradient><linearGradient id="rim" x2="1" y2="1"><stop stop-color="#d6a468"/><stop offset="1" stop-color="#8a5a2c"/></linearGradient>
    ${box(0, 0, 1200, 1200, 'url(#plaster)')}${box(0, 0, 1200, 1200, '#3b5d5b', 'opacity=".3" filter="url(#mottle)"')}
    <path d="M-50 300L520 -50H760L-50 560ZM-50 700L1100 -50H1180L-50 800Z" fill="#fff6dc" opacity=".16" filter="url(#blur12)"/>
    <g transform="translate(600 600)"><circle cx="44" cy="62" r="432" fill="#15302e" opacity=".5" filter="url(#blur30)"/><circle r="436" fill="url(#rim)"/><circle r="436" fill="none" stroke="#6b4320" stroke-width="5"/><circle r="386" fill="#5c3a1c"/><circle r="378" fill="#fbf8ef"/>
    <path d="M-378 0A378 378 0 0 1 378 0A378 340 0 0 0-378 0Z" fill="#4b4335" opacity=".16"/>${marks.join('')}${numbers.join('')}
    ${text(0, 150, 'ELLERY', 26, 'text-anchor="middle" letter-spacing="8" fill="#86888c"')}
    ${hands.map(([turn, shape]) => hand(turn, shape, 9, 14, 'fill="#4b4335" opacity=".3" filter="url(#blur4)"')).join('')}${hands.map(([turn, shape, fill]) => hand(turn, shape, 0, 0, `fill="${fill}"`)).join('')}
    <circle r="20" fill="#c0392b"/><circle r="8" fill="#f6e9dc"/></g>${light(1200, 1200)}`,
  )
}

function drawGauges() {
  const [cx, cy] = [400, 470]
  const turn = (bar: number) => 135 + bar * 27
  const ticks = Array.from({ length: 51 }, (_, i) => {
    const bar = i / 5
    const [inner, wide] = i % 5 === 0 ? [206, 7] : [222, 3]
    const [x, y] = around(cx, cy, 172, turn(bar))
    return `<path d="M${around(cx, cy, inner, turn(bar))}L${around(cx, cy, 240, turn(bar))}" stroke="#23252b" stroke-width="${wide}"/>${i % 5 === 0 ? text(x, y + 12, `${bar}`, 34, 'text-anchor="middle" font-weight="600"') : ''}`
  })
  const y = (celsius: number) => 690 - celsius * 4.6
  const scale = Array.from({ length: 51 }, (_, i) => {
    const celsius = i * 2
    const long = celsius % 10 === 0
    return `<path d="M${long ? 868 : 884} ${y(celsius)}H906" stroke="#23252b" stroke-width="${long ? 4 : 2}"/>${celsius % 20 === 0 ? text(854, y(celsius) + 11, `${celsius}`, 30, 'text-anchor="end" font-weight="600"') : ''}`
  })
  const screw = (x: number, at: number) =>
    `<circle cx="${x}" cy="${at}" r="17" fill="#c9cdd0" stroke="#5f686d" stroke-width="3"/><path d="M${x - 10} ${at - 6}l20 12" stroke="#5f686d" stroke-width="5"/>`
  return svg(
    1200,
    900,
    `<linearGradient id="panel" x2="1" y2="1"><stop stop-color="#5d7a70"/><stop offset="1" stop-color="#37504a"/></linearGradient><linearGradient id="brass" x2="1" y2="1"><stop stop-color="#f2dca0"/><stop offset=".5" stop-color="#b98d3e"/><stop offset="1" stop-color="#7b581e"/></linearGradient><linearGradient id="tube"><stop stop-color="#8e1f17"/><stop offset=".4" stop-color="#e2574a"/><stop offset="1" stop-color="#9d261d"/></linearGradient>
    ${box(0, 0, 1200, 900, 'url(#panel)')}${box(0, 0, 1200, 900, '#12221d', 'opacity=".35" filter="url(#mottle)"')}${[
      [44, 44],
      [1156, 44],
      [44, 856],
      [1156, 856],
    ]
      .map(([sx, sy]) => screw(sx!, sy!))
      .join('')}
    <rect x="440" y="40" width="320" height="76" rx="8" fill="url(#brass)" filter="url(#lift)"/>${text(600, 92, 'BOILER 2', 42, 'text-anchor="middle" font-weight="700" fill="#3a2a0c"')}
    <circle cx="${cx + 14}" cy="${cy + 24}" r="312" fill="#0c1714" opacity=".55" filter="url(#blur12)"/><circle cx="${cx}" cy="${cy}" r="310" fill="url(#brass)"/><circle cx="${cx}" cy="${cy}" r="272" fill="#6b4d19"/><circle cx="${cx}" cy="${cy}" r="266" fill="#fbf9f2"/>
    <path d="M${around(cx, cy, 231, turn(8))}A231 231 0 0 1 ${around(cx, cy, 231, turn(10))}" stroke="#d23b2f" stroke-width="20" fill="none"/>${ticks.join('')}
    ${text(cx, cy + 118, 'bar', 40, 'text-anchor="middle" font-weight="600" fill="#54575e"')}
    <g transform="translate(${cx + 7} ${cy + 11}) rotate(${turn(6.5)})" opacity=".28" filter="url(#blur4)"><path d="M-62-10L226-3V3L-62 10Z"/></g><g transform="translate(${cx} ${cy}) rotate(${turn(6.5)})"><path d="M-62-10L226-3V3L-62 10Z" fill="#1f2126"/></g><circle cx="${cx}" cy="${cy}" r="26" fill="url(#brass)" stroke="#5c4213" stroke-width="3"/>
    <path d="M190 340Q280 224 430 222Q280 262 226 380Z" fill="#fff" opacity=".28"/>
    <rect x="764" y="160" width="276" height="660" rx="22" fill="#0c1714" opacity=".5" filter="url(#blur12)" transform="translate(10 18)"/><rect x="764" y="156" width="276" height="660" rx="22" fill="url(#brass)"/><rect x="780" y="172" width="244" height="628" rx="12" fill="#fbf9f2"/>${text(976, 226, '°C', 38, 'text-anchor="middle" font-weight="600" fill="#54575e"')}
    ${scale.join('')}<rect x="914" y="206" width="32" height="530" rx="16" fill="#e6ecec" stroke="#8d989b" stroke-width="3"/><circle cx="930" cy="742" r="36" fill="#c23a2e" stroke="#8d989b" stroke-width="3"/><rect x="921" y="${y(64)}" width="18" height="${740 - y(64)}" fill="url(#tube)"/><rect x="919" y="214" width="5" height="500" rx="2" fill="#fff" opacity=".8"/><circle cx="918" cy="730" r="9" fill="#fff" opacity=".6"/>${light(1200, 900)}`,
  )
}

function drawStreetSign() {
  const dice = diceOf(15)
  const bricks = Array.from({ length: 15 }, (_, row) =>
    Array.from({ length: 15 }, (_, i) =>
      box(
        i * 96 - (row % 2) * 48,
        330 + row * 38,
        92,
        34,
        ['#a8634a', '#b26c52', '#9c5a43', '#ad6850'][Math.floor(dice() * 4)]!,
      ),
    ).join(''),
  ).join('')
  const window = (x: number) =>
    `<rect x="${x - 12}" y="398" width="184" height="252" fill="#e8e0d0"/><rect x="${x}" y="410" width="160" height="228" fill="#7f9fb5"/><path d="M${x} 500L${x + 110} 410H${x + 160}V440L${x} 590Z" fill="#a9c3d3"/><path d="M${x + 80} 410v228M${x} 524h160" stroke="#e8e0d0" stroke-width="10"/>`
  const leaves = Array.from({ length: 210 }, () => {
    const [angle, far] = [dice() * 360, Math.sqrt(dice()) * 1]
    const [x, y] = around(1105, 165, 1, angle).map((v, i) =>
      i ? 165 + (Number(v) - 165) * far * 185 : 1105 + (Number(v) - 1105) * far * 235,
    )
    return `<circle cx="${x!.toFixed(0)}" cy="${y!.toFixed(0)}" r="${(16 + dice() * 22).toFixed(0)}" fill="${['#4c7f45', '#5d9150', '#3d6d3c', '#73a55c'][Math.floor(dice() * 4)]}"/>`
  })
  const blade = (x: number, y: number, w: number, label: string, turn: string) =>
    `<g transform="${turn}" filter="url(#lift)"><rect x="${x}" y="${y}" width="${w}" height="96" rx="12" fill="#1b6b45"/><rect x="${x + 8}" y="${y + 8}" width="${w - 16}" height="80" rx="7" fill="none" stroke="#fff" stroke-width="4"/>${text(x + w / 2, y + 66, label, 52, 'text-anchor="middle" fill="#fff" font-weight="700"')}</g>`
  // Drawn sharp below the blurred copy, or the blur would let the picture's edges fade.
  const street = `${box(-40, 330, 1280, 480, '#c9b29d')}${bricks}${box(-40, 312, 1280, 26, '#e8e0d0')}${[60, 300, 640, 900].map(window).join('')}${box(-40, 790, 1280, 150, '#a7a59f')}${box(-40, 786, 1280, 16, '#c9c6bd')}<path d="M-40 868H1240" stroke="#8d8b85" stroke-width="4"/>
    <path d="M1075 800q20-300-10-560h60q-16 300 26 560z" fill="#6a4a32"/>${leaves.join('')}`
  return svg(
    1200,
    900,
    `<linearGradient id="day" x2="0" y2="1"><stop stop-color="#7db3dc"/><stop offset="1" stop-color="#dcecf3"/></linearGradient><linearGradient id="pole"><stop stop-color="#6c757b"/><stop offset=".4" stop-color="#c6cdd1"/><stop offset="1" stop-color="#5d666c"/></linearGradient>
    ${box(0, 0, 1200, 900, 'url(#day)')}${cloud(190, 110, 1.5, '#fff', 'opacity=".85"')}${cloud(760, 70, 1.2, '#fff', 'opacity=".8"')}
    ${street}<g filter="url(#blur2)">${street}</g>
    <rect x="318" y="70" width="30" height="800" fill="url(#pole)"/><ellipse cx="333" cy="72" rx="18" ry="10" fill="#9aa3a8"/>
    ${blade(96, 214, 474, 'MAPLE STREET', 'rotate(-1.5 333 262)')}${blade(92, 96, 482, 'HARBOUR ROAD', 'skewY(3.5) translate(0 -24)')}
    <rect x="786" y="180" width="26" height="690" fill="url(#pole)"/>
    <g filter="url(#lift)"><rect x="640" y="206" width="318" height="440" rx="22" fill="#fbfbf8"/><rect x="652" y="218" width="294" height="416" rx="14" fill="none" stroke="#1a7340" stroke-width="6"/>
    ${text(799, 340, '2', 118, 'text-anchor="middle" font-weight="700" fill="#1a7340"')}${text(799, 388, 'HOUR PARKING', 33, 'text-anchor="middle" font-weight="700" fill="#1a7340"')}
    <path d="M680 412H918" stroke="#1a7340" stroke-width="4"/>${text(799, 470, '8 AM – 6 PM', 42, 'text-anchor="middle" font-weight="700" fill="#1a7340"')}${text(799, 526, 'MON – FRI', 42, 'text-anchor="middle" font-weight="700" fill="#1a7340"')}
    <path d="M706 582h186M706 582l24-18v36zM892 582l-24-18v36z" stroke="#1a7340" stroke-width="10" fill="#1a7340" stroke-linejoin="round"/></g>
    <circle cx="799" cy="238" r="7" fill="#9aa3a8"/><circle cx="799" cy="622" r="7" fill="#9aa3a8"/>${light(1200, 900)}`,
  )
}

function drawMuseumSign() {
  const dice = diceOf(23)
  const zh = 'font-family="Noto Sans CJK SC"'
  const stones = Array.from({ length: 9 }, (_, row) =>
    Array.from(
      { length: 8 },
      (_, i) =>
        `<rect x="${i * 190 - (row % 2) * 95 + 3}" y="${row * 92 + 3}" width="184" height="86" rx="5" fill="${['#b9b2a3', '#c2bbad', '#aea798', '#bcb6a6'][Math.floor(dice() * 4)]}"/>`,
    ).join(''),
  ).join('')
  const bamboo = (x: number, lean: number) => {
    const cane = Array.from(
      { length: 9 },
      (_, i) =>
        `<rect x="-11" y="${i * 106 - 20}" width="22" height="100" rx="5" fill="#6d9450"/><rect x="-7" y="${i * 106 - 20}" width="5" height="100" fill="#a4c381"/><rect x="-13" y="${i * 106 - 24}" width="26" height="8" rx="4" fill="#4e7038"/>`,
    ).join('')
    const leaves = Array.from(
      { length: 16 },
      () =>
        `<path transform="translate(0 ${(dice() * 760).toFixed(0)}) rotate(${(dice() > 0.5 ? 20 + dice() * 60 : 100 + dice() * 60).toFixed(0)})" d="M0 0Q50-17 116 0Q50 17 0 0Z" fill="${['#4e7f3c', '#679a4b', '#3f6d34'][Math.floor(dice() * 3)]}"/>`,
    ).join('')
    return `<g transform="translate(${x} 0) rotate(${lean})">${cane}${leaves}</g>`
  }
  return svg(
    1200,
    900,
    `${box(0, 0, 1200, 900, '#8c8577')}${stones}${box(0, 0, 1200, 900, '#4b4334', 'opacity=".35" filter="url(#mottle)"')}
    <g opacity=".35" filter="url(#blur12)" transform="translate(40 24)">${bamboo(70, 2)}</g>${bamboo(52, 2)}${bamboo(128, -2)}${bamboo(1150, 1)}
    ${box(0, 818, 1200, 82, '#6f7a4e')}${box(0, 812, 1200, 14, '#5d6840')}
    ${shade('M236 86H1010V760H236Z', 'translate(16 26)')}<path d="M300 740V850M940 740V850" stroke="#4a2f1b" stroke-width="34"/>
    <rect x="230" y="76" width="780" height="680" rx="10" fill="#4a2f1b"/><rect x="230" y="76" width="780" height="10" rx="5" fill="#7a5233"/><rect x="252" y="98" width="736" height="636" rx="4" fill="#1f4a47"/><rect x="266" y="112" width="708" height="608" rx="2" fill="none" stroke="#d9bd7e" stroke-width="3"/>
    ${text(620, 206, '青山博物馆', 78, `${zh} text-anchor="middle" font-weight="700" fill="#f3e2b3" letter-spacing="10"`)}<path d="M320 238H920" stroke="#d9bd7e" stroke-width="3"/>
    ${text(320, 304, '开放时间', 40, `${zh} fill="#f3e2b3" font-weight="700"`)}${text(520, 304, '周二至周日', 40, `${zh} fill="#fff"`)}${text(520, 360, '9:00 – 17:00', 40, `${zh} fill="#fff"`)}
    ${text(320, 424, '停止入场', 40, `${zh} fill="#f3e2b3" font-weight="700"`)}${text(520, 424, '16:30', 40, `${zh} fill="#fff"`)}
    ${text(320, 488, '闭馆日', 40, `${zh} fill="#f3e2b3" font-weight="700"`)}${text(520, 488, '周一', 40, `${zh} fill="#fff"`)}
    <rect x="300" y="526" width="640" height="88" rx="8" fill="#d9bd7e"/>${text(330, 585, '三号展厅 · 陶瓷', 42, `${zh} font-weight="700" fill="#1f3230"`)}<path d="M790 570h88m-30-28l32 28l-32 28" stroke="#1f3230" stroke-width="11" fill="none" stroke-linecap="round" stroke-linejoin="round"/>
    ${text(620, 678, '馆内请勿使用闪光灯', 38, `${zh} text-anchor="middle" fill="#fff"`)}${light(1200, 900)}`,
  )
}

async function drawTeaBox() {
  const zh = 'font-family="Noto Sans CJK SC"'
  const back = svg(
    640,
    800,
    `${box(0, 0, 640, 800, '#e9efe0')}<rect x="24" y="24" width="592" height="752" rx="6" fill="none" stroke="#5f7f52" stroke-width="4"/>
    ${text(320, 106, 'Jasmine Tea', 52, 'text-anchor="middle" font-weight="700" fill="#2f5138"')}${text(320, 168, '茉莉花茶', 48, `${zh} text-anchor="middle" font-weight="700" fill="#2f5138"`)}
    <path d="M80 202H560" stroke="#5f7f52" stroke-width="3"/>
    ${text(80, 258, 'Brew at 80 °C for 3 minutes.', 32, 'fill="#24362a"')}${text(80, 310, '80 °C 冲泡 3 分钟', 32, `${zh} fill="#24362a"`)}
    ${text(80, 386, 'Net weight', 30, 'fill="#4a5b4e"')}${text(560, 386, '100 g', 34, 'text-anchor="end" font-weight="700" fill="#24362a"')}
    ${text(80, 440, 'Best before', 30, 'fill="#4a5b4e"')}${text(560, 440, '03/2028', 34, 'text-anchor="end" font-weight="700" fill="#24362a"')}
    <rect x="80" y="486" width="480" height="256" rx="6" fill="#fff"/>${await ean(teaCode, 130, 508, 4, 176)}`,
  )
  const flower = (x: number, y: number, s: number, turn: number) =>
    `<g transform="translate(${x} ${y}) scale(${s}) rotate(${turn})">${Array.from({ length: 6 }, (_, i) => `<path transform="rotate(${i * 60})" d="M0 0Q24-36 0-76Q-24-36 0 0Z" fill="#fffdf3" stroke="#d9d5b8" stroke-width="2"/>`).join('')}<circle r="13" fill="#e6b93e"/></g>`
  const sprig = (x: number, y: number, turn: number) =>
    `<path transform="translate(${x} ${y}) rotate(${turn})" d="M0 0Q30-60 0-124Q-30-60 0 0Z" fill="#7fae6c"/>`
  const front = svg(
    560,
    800,
    `${box(0, 0, 560, 800, '#2f5a41')}<rect x="24" y="24" width="512" height="752" rx="6" fill="none" stroke="#c9b26b" stroke-width="4"/>
    ${sprig(190, 330, -50)}${sprig(380, 330, 50)}${sprig(280, 270, 4)}${sprig(230, 420, -120)}${sprig(340, 420, 120)}${flower(220, 300, 1.05, 10)}${flower(352, 330, 1.15, 40)}${flower(276, 410, 0.95, 0)}
    ${text(280, 586, 'JASMINE', 66, 'text-anchor="middle" font-weight="700" fill="#f3e6bd" letter-spacing="6"')}${text(280, 646, 'green tea', 40, 'text-anchor="middle" fill="#f3e6bd" font-family="Liberation Serif" font-style="italic"')}${text(280, 722, '茉莉花茶', 46, `${zh} text-anchor="middle" fill="#c9b26b" letter-spacing="8"`)}`,
  )
  const lid = svg(
    600,
    560,
    `${box(0, 0, 600, 560, '#3d6d50')}<rect x="24" y="24" width="552" height="512" rx="6" fill="none" stroke="#c9b26b" stroke-width="4"/>`,
  )
  const scene = svg(
    1200,
    900,
    `<linearGradient id="back" x2="0" y2="1"><stop stop-color="#e6d9c6"/><stop offset="1" stop-color="#cdb999"/></linearGradient>${box(0, 0, 1200, 620, 'url(#back)')}${box(0, 0, 1200, 620, '#8a7350', 'opacity=".22" filter="url(#mottle)"')}
    <g transform="translate(0 590)">${wood(1200, 310, '#9a6f47', 110, 29)}</g>${box(0, 586, 1200, 20, '#2a1708', 'opacity=".3" filter="url(#blur4)"')}
    <path d="M300 700L660 872L1160 760L1030 640Z" fill="#1c0f05" opacity=".6" filter="url(#blur12)"/>
    <g transform="translate(1090 700)"><ellipse cx="4" cy="34" rx="92" ry="20" fill="#1c0f05" opacity=".5" filter="url(#blur12)"/><path d="M-78-50H78Q74 34 0 36Q-74 34-78-50Z" fill="#f4f1e8"/><path d="M-78-50h26q4 66 44 86q-66-2-70-86z" fill="#dcd6c6"/><ellipse cy="-50" rx="78" ry="20" fill="#e6e0d0"/><ellipse cy="-47" rx="66" ry="14" fill="#b9a04a"/></g>`,
  )
  const top = await laidOn(scene, lid, 600, 560, [
    [232, 168],
    [566, 112],
    [1000, 160],
    [672, 236],
  ])
  const left = await laidOn(top, back, 640, 800, [
    [232, 168],
    [672, 236],
    [672, 844],
    [258, 708],
  ])
  const dim = `<path d="M672 236L1000 160L976 706L672 844Z" fill="#08140c" opacity=".16"/><path d="M672 236V844" stroke="#fff" stroke-width="3" opacity=".35"/>${light(1200, 900)}`
  return laidOn(
    left,
    front,
    560,
    800,
    [
      [672, 236],
      [1000, 160],
      [976, 706],
      [672, 844],
    ],
    dim,
  )
}

// ---- brushes ----

// Filters and fonts every drawing may use. Colours are mixed in sRGB, or librsvg would lighten every shadow.
function svg(width: number, height: number, body: string): string {
  const srgb = 'color-interpolation-filters="sRGB"'
  const wide = `x="-40%" y="-40%" width="180%" height="180%" ${srgb}`
  const blur = [2, 4, 12, 30].map(
    (radius) => `<filter id="blur${radius}" ${wide}><feGaussianBlur stdDeviation="${radius}"/></filter>`,
  )
  const veil = (id: string, frequency: string, gain: number, octaves: number) =>
    `<filter id="${id}" x="0" y="0" width="100%" height="100%" ${srgb}><feTurbulence type="fractalNoise" baseFrequency="${frequency}" numOctaves="${octaves}" seed="7" result="n"/><feColorMatrix in="n" values="0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ${gain} 0 0 0 ${(0.5 - gain / 2).toFixed(2)}" result="a"/><feComposite in="SourceGraphic" in2="a" operator="in"/></filter>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Inter" fill="#17181b"><defs>${blur.join('')}
  <filter id="lift" ${wide}><feDropShadow dx="5" dy="9" stdDeviation="7" flood-color="#2a1d0c" flood-opacity=".42"/></filter>${veil('mottle', '.006', 2.2, 2)}${veil('noise', '.55', 3, 1)}${veil('grain', '.0022 .07', 3.6, 3)}</defs>${body}</svg>`
}

function box(x: number, y: number, width: number, height: number, fill: string, extra = '') {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${extra}/>`
}

function text(x: number, y: number, words: string, size: number, extra = '') {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-size="${size}" xml:space="preserve" ${extra}>${safe}</text>`
}

function stacked(x: number, y: number, lines: string[], size: number, extra = '') {
  const first = y + size * 0.36 - ((lines.length - 1) * size * 1.25) / 2
  return lines.map((line, i) => text(x, first + i * size * 1.25, line, size, `text-anchor="middle" ${extra}`)).join('')
}

function cloud(x: number, y: number, scale: number, fill: string, extra = '') {
  return `<path transform="translate(${x} ${y}) scale(${scale})" d="M-44 28A21 21 0 0 1-44-12A33 33 0 0 1 18-20A25 25 0 0 1 46 28Z" fill="${fill}" ${extra}/>`
}

function wood(width: number, height: number, tone: string, plank: number, seed: number) {
  const dice = diceOf(seed)
  const planks = Array.from({ length: Math.ceil(height / plank) }, (_, i) => {
    const dark = (dice() * 0.16).toFixed(2)
    return `${box(0, i * plank, width, plank, '#000', `opacity="${dark}"`)}${box(0, i * plank, width, 3, '#1c0f05', 'opacity=".55"')}${box(0, i * plank + 3, width, 2, '#fff', 'opacity=".12"')}`
  })
  return `${box(0, 0, width, height, tone)}${planks.join('')}${box(0, 0, width, height, '#2a1505', 'opacity=".42" filter="url(#grain)"')}`
}

function shade(outline: string, move: string) {
  return `<path d="${outline}" transform="${move}" fill="#140b04" opacity=".5" filter="url(#blur12)"/>`
}

/** Light from the upper left and darker corners, laid over a finished scene. */
function light(width: number, height: number) {
  return `<radialGradient id="lit" cx=".32" cy=".26" r="1"><stop stop-color="#fff6df" stop-opacity=".16"/><stop offset=".45" stop-color="#fff" stop-opacity="0"/><stop offset="1" stop-color="#140d05" stop-opacity=".3"/></radialGradient>${box(0, 0, width, height, 'url(#lit)')}`
}

function path(points: readonly Corner[]) {
  return `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}`
}

function around(x: number, y: number, radius: number, degrees: number): Corner {
  return [round(x + radius * Math.cos(rad(degrees))), round(y + radius * Math.sin(rad(degrees)))]
}

async function qr(content: string, x: number, y: number, size: number) {
  const { symbol, error } = await writeBarcode(content, { format: 'QRCode', ecLevel: 'M' })
  if (error) throw new Error(error)
  const cell = size / symbol.width
  return `<path transform="translate(${x} ${y}) scale(${cell})" d="${dark(symbol.data, symbol.width, symbol.height)}" fill="#1c1b19" shape-rendering="crispEdges"/>`
}

async function ean(digits: string, x: number, y: number, module: number, height: number) {
  const { symbol, error } = await writeBarcode(digits, { format: 'EAN13' })
  if (error) throw new Error(error)
  const bars = `<path transform="translate(${x} ${y}) scale(${module} ${height})" d="${dark(symbol.data, symbol.width, 1)}" fill="#111" shape-rendering="crispEdges"/>`
  const label = `${digits[0]} ${digits.slice(1, 7)} ${digits.slice(7)}`
  return `${bars}${text(x + (symbol.width * module) / 2, y + height + 42, label, 38, 'text-anchor="middle" font-family="DejaVu Sans Mono" letter-spacing="1"')}`
}

function dark(cells: Uint8ClampedArray, width: number, height: number) {
  let d = ''
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) if (cells[y * width + x] === 0) d += `M${x} ${y}h1v1h-1z`
  return d
}

function ean13(twelve: string) {
  const weighted = sum([...twelve].map((digit, i) => Number(digit) * (i % 2 ? 3 : 1)))
  return `${twelve}${(10 - (weighted % 10)) % 10}`
}

/**
 * Lays a flat drawing into a scene so that its corners (clockwise from top left) land on `corners`, then lays `over` on
 * top. The projective map is Heckbert's unit square to quadrilateral (1989), inverted; four samples a pixel keep small
 * print readable.
 */
async function laidOn(
  scene: string | Buffer,
  sheet: string,
  width: number,
  height: number,
  corners: [Corner, Corner, Corner, Corner],
  over = '',
): Promise<Buffer> {
  const zoom = 2
  const from = await sharp(Buffer.from(sheet), { density: 72 * zoom })
    .resize(width * zoom, height * zoom)
    .ensureAlpha()
    .raw()
    .toBuffer()
  const base = sharp(typeof scene === 'string' ? Buffer.from(scene) : scene)
  const size = await base.metadata()
  const [sceneWidth, sceneHeight] = [size.width, size.height]
  const back = inverse(squareTo(corners))
  const warped = Buffer.alloc(sceneWidth * sceneHeight * 4)
  const [w, h] = [width * zoom, height * zoom]
  for (let y = 0; y < sceneHeight; y++)
    for (let x = 0; x < sceneWidth; x++) {
      const mix = [0, 0, 0, 0]
      for (const [dx, dy] of [
        [0.25, 0.25],
        [0.75, 0.25],
        [0.25, 0.75],
        [0.75, 0.75],
      ] as const) {
        const [px, py] = [x + dx, y + dy]
        const depth = back[6]! * px + back[7]! * py + back[8]!
        const u = ((back[0]! * px + back[1]! * py + back[2]!) / depth) * w - 0.5
        const v = ((back[3]! * px + back[4]! * py + back[5]!) / depth) * h - 0.5
        if (u < -0.5 || v < -0.5 || u > w - 0.5 || v > h - 0.5) continue
        const [left, top] = [Math.min(Math.max(Math.floor(u), 0), w - 2), Math.min(Math.max(Math.floor(v), 0), h - 2)]
        const [fx, fy] = [Math.min(Math.max(u - left, 0), 1), Math.min(Math.max(v - top, 0), 1)]
        for (const [ox, oy, share] of [
          [0, 0, (1 - fx) * (1 - fy)],
          [1, 0, fx * (1 - fy)],
          [0, 1, (1 - fx) * fy],
          [1, 1, fx * fy],
        ] as const) {
          const at = ((top + oy) * w + left + ox) * 4
          const alpha = from[at + 3]! * share
          for (let c = 0; c < 3; c++) mix[c]! += from[at + c]! * alpha
          mix[3]! += alpha
        }
      }
      const at = (y * sceneWidth + x) * 4
      if (mix[3]! === 0) continue
      for (let c = 0; c < 3; c++) warped[at + c] = Math.round(mix[c]! / mix[3]!)
      warped[at + 3] = Math.round(mix[3]! / 4)
    }
  const raw = { width: sceneWidth, height: sceneHeight, channels: 4 as const }
  const layers = [{ input: warped, raw }, ...(over ? [{ input: Buffer.from(svg(sceneWidth, sceneHeight, over)) }] : [])]
  return base.composite(layers).png({ compressionLevel: 1 }).toBuffer()
}

function squareTo([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]: [Corner, Corner, Corner, Corner]): number[] {
  const [dx1, dx2, sx] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3]
  const [dy1, dy2, sy] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3]
  const scale = dx1 * dy2 - dx2 * dy1
  const [g, h] = [(sx * dy2 - dx2 * sy) / scale, (dx1 * sy - sx * dy1) / scale]
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1]
}

function inverse(m: number[]): number[] {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number]
  return [
    e * i - f * h,
    c * h - b * i,
    b * f - c * e,
    f * g - d * i,
    a * i - c * g,
    c * d - a * f,
    d * h - e * g,
    b * g - a * h,
    a * e - b * d,
  ]
}

// mulberry32: the same picture on every machine.
function diceOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function rad(degrees: number) {
  return (degrees * Math.PI) / 180
}

function round(value: number) {
  return Math.round(value * 10) / 10
}

function sum(values: number[]) {
  return values.reduce((total, value) => total + value, 0)
}

await main()
