#include "cwebp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <webp/decode.h>
#include <webp/demux.h>

/// The bitstream of the picture that is looked at, and where it stands on the canvas.
struct frame {
  const uint8_t *bytes;
  size_t count;
  int canvas_width, canvas_height;
  int x, y;
  WebPBitstreamFeatures features;
};

static int fail(char *message, const char *text) {
  snprintf(message, DOVETAIL_WEBP_MESSAGE, "%s", text);
  return 1;
}

static int fail_with(char *message, VP8StatusCode status) {
  switch (status) {
  case VP8_STATUS_OUT_OF_MEMORY: return fail(message, "out of memory");
  case VP8_STATUS_NOT_ENOUGH_DATA: return fail(message, "the file is cut off");
  case VP8_STATUS_UNSUPPORTED_FEATURE: return fail(message, "has a feature that libwebp lacks");
  default: return fail(message, "damaged data");
  }
}

// The first frame of an animation points into `bytes`; its iterator holds nothing of its own.
static int first_frame(const uint8_t *bytes, size_t count, struct frame *frame, char *message) {
  WebPData data = {bytes, count};
  WebPDemuxer *demuxer = WebPDemux(&data);
  if (!demuxer) return fail(message, "the file is cut off or damaged");
  WebPIterator first;
  int found = WebPDemuxGetFrame(demuxer, 1, &first);
  if (found) {
    frame->bytes = first.fragment.bytes;
    frame->count = first.fragment.size;
    frame->x = first.x_offset;
    frame->y = first.y_offset;
    frame->canvas_width = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_WIDTH);
    frame->canvas_height = (int)WebPDemuxGetI(demuxer, WEBP_FF_CANVAS_HEIGHT);
    WebPDemuxReleaseIterator(&first);
  }
  WebPDemuxDelete(demuxer);
  return found ? 0 : fail(message, "is an animation without frames");
}

static int look(const uint8_t *bytes, size_t count, struct frame *frame, char *message) {
  memset(frame, 0, sizeof *frame);
  message[0] = 0;
  VP8StatusCode status = WebPGetFeatures(bytes, count, &frame->features);
  if (status != VP8_STATUS_OK) return fail_with(message, status);
  if (!frame->features.has_animation) {
    frame->bytes = bytes;
    frame->count = count;
    frame->canvas_width = frame->features.width;
    frame->canvas_height = frame->features.height;
    return 0;
  }
  if (first_frame(bytes, count, frame, message)) return 1;
  status = WebPGetFeatures(frame->bytes, frame->count, &frame->features);
  if (status != VP8_STATUS_OK) return fail_with(message, status);
  if (frame->features.has_animation || frame->x < 0 || frame->y < 0
      || frame->features.width > frame->canvas_width - frame->x
      || frame->features.height > frame->canvas_height - frame->y) {
    return fail(message, "a frame stands outside its canvas");
  }
  return 0;
}

static int is_scalable(const struct frame *frame) {
  return !frame->features.has_alpha && frame->features.width == frame->canvas_width
    && frame->features.height == frame->canvas_height;
}

int dovetail_webp_header(const uint8_t *bytes, size_t count, int *width, int *height, int *scalable,
                         int *held_per_pixel, char message[DOVETAIL_WEBP_MESSAGE]) {
  struct frame frame;
  if (look(bytes, count, &frame, message)) return 1;
  *width = frame.canvas_width;
  *height = frame.canvas_height;
  *scalable = is_scalable(&frame);
  // Lossless: all of its pixels. Lossy: some rows, and with alpha two planes of it. format 0 is a
  // mixture, as animations may be.
  *held_per_pixel = frame.features.format != 1 ? 4 : frame.features.has_alpha ? 2 : 0;
  return 0;
}

static void give_rows(const struct frame *frame, const WebPDecBuffer *output, uint8_t *row,
                      dovetail_webp_row take, void *context) {
  for (int y = 0; y < frame->canvas_height; y++) {
    memset(row, 255, (size_t)frame->canvas_width * 3);
    if (y >= frame->y && y - frame->y < output->height) {
      const uint8_t *rgba = output->u.RGBA.rgba + (size_t)(y - frame->y) * output->u.RGBA.stride;
      uint8_t *out = row + (size_t)frame->x * 3;
      for (int x = 0; x < output->width; x++) {
        int alpha = rgba[4 * x + 3];
        for (int i = 0; i < 3; i++) {
          out[3 * x + i] = (uint8_t)((rgba[4 * x + i] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
      }
    }
    take(context, row);
  }
}

int dovetail_webp_decode(const uint8_t *bytes, size_t count, int width, int height, int shrink,
                         dovetail_webp_row take, void *context, char message[DOVETAIL_WEBP_MESSAGE]) {
  struct frame frame;
  WebPDecoderConfig config;
  if (look(bytes, count, &frame, message)) return 1;
  if (frame.canvas_width != width || frame.canvas_height != height) {
    return fail(message, "size changed between header and decoding");
  }
  if (shrink < 1 || (shrink > 1 && !is_scalable(&frame))) {
    return fail(message, "cannot be decoded smaller");
  }
  if (!WebPInitDecoderConfig(&config)) return fail(message, "libwebp is of another version");
  int plain = is_scalable(&frame);
  config.output.colorspace = plain ? MODE_RGB : MODE_RGBA;
  if (shrink > 1) {
    config.options.use_scaling = 1;
    config.options.scaled_width = (width - 1) / shrink + 1;
    config.options.scaled_height = (height - 1) / shrink + 1;
  }
  uint8_t *row = plain ? NULL : malloc((size_t)width * 3);
  if (!plain && !row) return fail(message, "out of memory");
  VP8StatusCode status = WebPDecode(frame.bytes, frame.count, &config);
  if (status == VP8_STATUS_OK) {
    const WebPDecBuffer *output = &config.output;
    if (!plain) {
      give_rows(&frame, output, row, take, context);
    } else {
      for (int y = 0; y < output->height; y++) {
        take(context, output->u.RGBA.rgba + (size_t)y * output->u.RGBA.stride);
      }
    }
  }
  WebPFreeDecBuffer(&config.output);
  free(row);
  return status == VP8_STATUS_OK ? 0 : fail_with(message, status);
}
