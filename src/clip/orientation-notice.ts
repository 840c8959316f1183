// The notice of an image that its file says is to be turned, and that was read as it is stored, as the reference does.

import { excerpt } from '../errors.ts'
import type { UnturnedImage } from '../image/pool.node.ts'
import type { UseNotice } from './clip.ts'

export const orientationNotice = (found: UnturnedImage): UseNotice => ({
  kind: 'orientation',
  ...found,
  message: `${excerpt(found.image ?? 'an image')} has EXIF orientation ${found.orientation}, which was not applied; \`exifRotate\` turns it upright`,
})
