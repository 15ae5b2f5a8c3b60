<?php
// Pieces with pauses between them.
header('Content-Type: ' . ($_GET['type'] ?? 'text/plain'));
for ($i = 0; $i < 4; $i++) {
    echo "piece $i\n";
    flush();
    usleep(150000);
}
