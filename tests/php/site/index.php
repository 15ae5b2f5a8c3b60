<?php
// Tells what it was asked, as JSON with sorted keys.
$names = ['REQUEST_METHOD', 'REQUEST_URI', 'QUERY_STRING', 'SCRIPT_NAME', 'SCRIPT_FILENAME', 'PATH_INFO',
          'PATH_TRANSLATED', 'DOCUMENT_ROOT', 'DOCUMENT_URI', 'SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL',
          'REMOTE_ADDR', 'HTTP_HOST', 'HTTP_PROXY', 'HTTP_X_TEST', 'HTTPS', 'CONTENT_LENGTH', 'CONTENT_TYPE',
          'REQUEST_SCHEME', 'GATEWAY_INTERFACE', 'APP_ENV'];
$server = [];
foreach ($names as $name) {
    if (isset($_SERVER[$name])) {
        $server[$name] = $_SERVER[$name];
    }
}
ksort($server);
header('Content-Type: application/json');
echo json_encode(['server' => $server, 'get' => $_GET, 'post' => $_POST, 'cookies' => $_COOKIE,
                  'input' => strlen(file_get_contents('php://input'))], JSON_UNESCAPED_SLASHES), "\n";
