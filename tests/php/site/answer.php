<?php
// Statuses, headers and cookies as they are asked for.
http_response_code((int) ($_GET['status'] ?? 200));
header('X-One: 1');
header('X-Many: a');
header('X-Many: b', false);
setcookie('first', 'a b', ['path' => '/', 'httponly' => true]);
setcookie('second', '2');
if (isset($_GET['location'])) {
    header('Location: ' . $_GET['location']);
}
if (empty($_GET['quiet'])) {
    echo 'status ', $_GET['status'] ?? 200, "\n";
}
