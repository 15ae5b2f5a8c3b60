#include "native/digest.h"

#include "test.h"

static void check(struct str bytes, const char *want)
{
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(bytes, hex);
    CHECK_STR(str_from(hex), want);
}

static void test_vectors(void)
{
    char many[200];
    memset(many, 'a', sizeof(many));
    check(STR(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check(STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    /* the lengths at which the padding changes */
    check(str_make(many, 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    check(str_make(many, 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

static const struct test tests[] = {{"vectors", test_vectors}};
TESTS_MAIN(tests)
