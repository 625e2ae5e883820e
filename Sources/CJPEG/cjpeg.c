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

static void read_header(struct jpeg_decompress_struct *info, const uint8_t *bytes, size_t count) {
  jpeg_create_decompress(info);
  jpeg_mem_src(info, bytes, count);
  jpeg_read_header(info, TRUE);
}

// What libjpeg holds of a file whose scans come one after the other.
static uint64_t held_coefficients(struct jpeg_decompress_struct *info) {
  if (!jpeg_has_multiple_scans(info)) return 0;
  uint64_t held = 0;
  for (int i = 0; i < info->num_components; i++) {
    const jpeg_component_info *component = &info->comp_info[i];
    // Whole blocks, to the next multiple of its sampling factors.
    uint64_t columns = component->width_in_blocks + (uint64_t)component->h_samp_factor;
    uint64_t rows = component->height_in_blocks + (uint64_t)component->v_samp_factor;
    held += columns * rows * sizeof(JBLOCK);
  }
  return held;
}

int dovetail_jpeg_header(const uint8_t *bytes, size_t count, int *width, int *height, uint64_t *held,
                         char message[DOVETAIL_JPEG_MESSAGE]) {
  struct jpeg_decompress_struct info;
  struct failure failure;
  memset(&info, 0, sizeof info);
  set_up(&failure, &info.err, message);
  if (setjmp(failure.leave)) {
    jpeg_destroy_decompress(&info);
    return 1;
  }
  read_header(&info, bytes, count);
  *width = (int)info.image_width;
  *height = (int)info.image_height;
  *held = held_coefficients(&info);
  jpeg_destroy_decompress(&info);
  return 0;
}

// Every scan goes over the whole picture: a small file could keep a decoder busy for hours.
static void stop_after_many_scans(j_common_ptr info) {
  if (((struct jpeg_decompress_struct *)info)->input_scan_number <= 1000) return;
  struct failure *failure = (struct failure *)info->err;
  snprintf(failure->message, DOVETAIL_JPEG_MESSAGE, "has more than 1000 scans");
  longjmp(failure->leave, 1);
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
                         dovetail_jpeg_row take, void *context, char message[DOVETAIL_JPEG_MESSAGE]) {
  struct jpeg_decompress_struct info;
  struct jpeg_progress_mgr progress = {.progress_monitor = stop_after_many_scans};
  struct failure failure;
  uint8_t *volatile row = NULL;
  uint8_t *volatile light = NULL;
  const char *volatile refused = NULL;
  memset(&info, 0, sizeof info);
  set_up(&failure, &info.err, message);
  if (setjmp(failure.leave)) {
    jpeg_destroy_decompress(&info);
    free(row);
    free(light);
    return 1;
  }
  read_header(&info, bytes, count);
  info.progress = &progress;
  if ((int)info.image_width != width || (int)info.image_height != height) {
    refused = "size changed between header and decoding";
  } else {
    int inks = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
    info.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    info.dct_method = JDCT_ISLOW;
    info.scale_num = 1;
    info.scale_denom = (unsigned)shrink;
    jpeg_start_decompress(&info);
    int columns = (int)info.output_width;
    row = malloc((size_t)columns * 4);
    light = malloc((size_t)columns * 3);
    if (columns != (width + shrink - 1) / shrink
        || (int)info.output_height != (height + shrink - 1) / shrink) {
      refused = "shrunk to an unexpected size";
    } else if (!row || !light) {
      refused = "out of memory";
    } else {
      while (info.output_scanline < info.output_height) {
        JSAMPROW target = row;
        jpeg_read_scanlines(&info, &target, 1);
        if (inks) inks_to_rgb(row, light, columns, info.saw_Adobe_marker);
        take(context, inks ? light : row);
      }
      jpeg_finish_decompress(&info);
    }
  }
  if (refused) snprintf(message, DOVETAIL_JPEG_MESSAGE, "%s", refused);
  jpeg_destroy_decompress(&info);
  free(row);
  free(light);
  return refused ? 1 : 0;
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
