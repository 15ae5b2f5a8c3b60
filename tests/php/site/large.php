<?php
// So many KiB, and how long they are if it is asked for that.
$kilobytes = (int) $_GET['kb'];
header('Content-Type: application/octet-stream');
if (isset($_GET['length'])) {
    header('Content-Length: ' . $kilobytes * 1024);
}
$block = str_repeat("0123456789abcdef", 64);
for ($i = 0; $i < $kilobytes; $i++) {
    echo $block;
}
