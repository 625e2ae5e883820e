#include "cjpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// jpeglib.h wants FILE and size_t declared before it.
#include <jpeglib.h>

struct failure {
  struct jpeg_error_mgr base;
  jmp_buf leave;
  char *message;
};

static void leave_with_message(j_common_ptr info) {
  struct failure *failure = (struct failure *)info->err;
  char text[JMSG_LENGTH_MAX];
  (*info->err->format_message)(info, text);
  snprintf(failure->message, DOVETAIL_JPEG_MESSAGE, "%s", text);
  longjmp(failure->leave, 1);
}

// Warnings mean damaged data: treated as errors. Trace messages (level >= 0) are dropped.
static void on_message(j_common_ptr info, int level) {
  if (level < 0) leave_with_message(info);
}

static void drop_output(j_common_ptr info) { (void)info; }

static void set_up(struct failure *failure, struct jpeg_error_mgr **err, char *message) {
  *err = jpeg_std_error(&failure->base);
  failure->base.error_exit = leave_with_message;
  failure->base.emit_message = on_message;
  failure->base.output_message = drop_output;
  failure->message = message;
  message[0] = 0;
}

static int read_header(struct jpeg_decompress_struct *info, const uint8_t *bytes, size_t count,
                       char *message) {
  jpeg_create_decompress(info);
  jpeg_mem_src(info, bytes, count);
  jpeg_read_header(info, TRUE);
  if ((uint64_t)info->image_width * info->image_height > DOVETAIL_JPEG_MAX_PIXELS) {
    snprintf(message, DOVETAIL_JPEG_MESSAGE, "claims %u x %u pixels, more than the limit of %d",
             info->image_width, info->image_height, DOVETAIL_JPEG_MAX_PIXELS);
    return 1;
  }
  return 0;
}

int dovetail_jpeg_size(const uint8_t *bytes, size_t count, int *width, int *height,
                       char message[DOVETAIL_JPEG_MESSAGE]) {
  struct jpeg_decompress_struct info;
  struct failure failure;
  memset(&info, 0, sizeof info);
  set_up(&failure, &info.err, message);
  if (setjmp(failure.leave)) {
    jpeg_destroy_decompress(&info);
    return 1;
  }
  int refused = read_header(&info, bytes, count, message);
  *width = (int)info.image_width;
  *height = (int)info.image_height;
  jpeg_destroy_decompress(&info);
  return refused;
}

// Inks to light. Adobe files store CMYK inverted: then 255 is no ink.
static void inks_to_rgb(const uint8_t *inks, uint8_t *rgb, int width, int inverted) {
  for (int x = 0; x < width; x++) {
    int light[4];
    for (int i = 0; i < 4; i++) light[i] = inverted ? inks[4 * x + i] : 255 - inks[4 * x + i];
    for (int i = 0; i < 3; i++) rgb[3 * x + i] = (uint8_t)(light[i] * light[3] / 255);
  }
}

int dovetail_jpeg_decode(const uint8_t *bytes, size_t count, int width, int height, int shrink,
                         uint8_t *rgb, char message[DOVETAIL_JPEG_MESSAGE]) {
  struct jpeg_decompress_struct info;
  struct failure failure;
  uint8_t *volatile row = NULL;
  memset(&info, 0, sizeof info);
  set_up(&failure, &info.err, message);
  if (setjmp(failure.leave)) {
    jpeg_destroy_decompress(&info);
    free(row);
    return 1;
  }
  int refused = read_header(&info, bytes, count, message);
  if (!refused && ((int)info.image_width != width || (int)info.image_height != height)) {
    snprintf(message, DOVETAIL_JPEG_MESSAGE, "size changed between header and decoding");
    refused = 1;
  }
  if (!refused) {
    int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    info.scale_num = 1;
    info.scale_denom = (unsigned)shrink;
    jpeg_start_decompress(&info);
    int columns = (int)info.output_width;
    if (columns != (width + shrink - 1) / shrink
        || (int)info.output_height != (height + shrink - 1) / shrink) {
      snprintf(message, DOVETAIL_JPEG_MESSAGE, "shrunk to an unexpected size");
      jpeg_destroy_decompress(&info);
      return 1;
    }
    row = malloc((size_t)columns * 4);
    while (row && info.output_scanline < info.output_height) {
      uint8_t *out = rgb + (size_t)info.output_scanline * columns * 3;
      JSAMPROW target = inks ? row : out;
      jpeg_read_scanlines(&info, &target, 1);
      if (inks) inks_to_rgb(row, out, columns, info.saw_Adobe_marker);
    }
    if (!row) {
      snprintf(message, DOVETAIL_JPEG_MESSAGE, "out of memory");
      refused = 1;
    } else {
      jpeg_finish_decompress(&info);
    }
  }
  jpeg_destroy_decompress(&info);
  free(row);
  return refused;
}

int dovetail_jpeg_encode(const uint8_t *pixels, int width, int height, int components, int quality,
                         uint8_t **out, size_t *out_count, char message[DOVETAIL_JPEG_MESSAGE]) {
  struct jpeg_compress_struct info;
  struct failure failure;
  unsigned char *volatile buffer = NULL;
  unsigned long size = 0;
  memset(&info, 0, sizeof info);
  set_up(&failure, &info.err, message);
  if (setjmp(failure.leave)) {
    jpeg_destroy_compress(&info);
    free(buffer);
    return 1;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, (unsigned char **)&buffer, &size);
  info.image_width = (JDIMENSION)width;
  info.image_height = (JDIMENSION)height;
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)info.next_scanline * width * components);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *out = buffer;
  *out_count = size;
  return 0;
}
