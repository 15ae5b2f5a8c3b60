<?php
// What of an upload has come: its size and a digest, of forms the files too.
$input = fopen('php://input', 'rb');
$digest = hash_init('sha256');
$size = 0;
while (!feof($input)) {
    $data = fread($input, 65536);
    $size += strlen($data);
    hash_update($digest, $data);
}
$files = [];
foreach ($_FILES as $name => $file) {
    $files[$name] = [$file['name'], $file['size'], $file['error'] ? null : hash_file('sha256', $file['tmp_name'])];
}
header('Content-Type: application/json');
echo json_encode(['size' => $size, 'digest' => hash_final($digest), 'files' => $files, 'post' => $_POST]), "\n";
