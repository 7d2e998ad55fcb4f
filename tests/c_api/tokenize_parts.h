/*
 * Texts that a tokenizer gets in parts.
 */

/* gives `ts` the next `part` bytes of `text`, of which `*left` were not given yet */
static void
next_part(struct lws_tokenize *ts, const char *text, size_t *left, size_t part)
{
	ts->start = text + strlen(text) - *left;
	ts->len = *left < part ? *left : part;
	*left -= ts->len;
	if (!*left)
		ts->flags &= (uint16_t)~LWS_TOKENIZE_F_EXPECT_MORE;
}
