// Captions as people write them: 5 to 24 words, about 12 tokens on average, as in COCO.

const captionList = [
  'A black Honda motorcycle parked in front of a garage.',
  'An office cubicle with four different types of computers.',
  'A small closed toilet in a cramped space.',
  'Two women waiting at a bench next to a street.',
  'A cat sitting on a chair in a kitchen.',
  'A beautiful dessert waiting to be shared by two people.',
  'A woman cutting a large white sheet cake.',
  'A man in a wheelchair and another sitting on a bench that is overlooking the water.',
  'A room with blue walls and a white sink and door.',
  'The home office space seems to be very cluttered.',
  'A car that seems to be parked illegally behind a legally parked car.',
  'Three teddy bears, each a different color, snuggling together.',
  'A dog.',
  'A child holding a flowered umbrella and petting a yak.',
  'City street with parked cars and a bench.',
  'A grey tabby cat lying on top of a laptop keyboard, looking straight at the camera.',
]

const openings = [
  '',
  'Today, ',
  'Here: ',
  'At night, ',
  'In the rain, ',
  'Look closely: ',
  'Once again, ',
  'From above, ',
]
const endings = ['', ' It is summer.']

/** Up to 256 different captions. */
export const captions = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => {
    const variant = Math.floor(i / captionList.length)
    return openings[variant % openings.length] + captionList[i % captionList.length]! + endings[variant >> 3]!
  })
