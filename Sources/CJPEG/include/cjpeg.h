int dovetail_cjpeg_placeholder(void);
