<?php
// What goes wrong: a line to the standard error, and then maybe all of it.
error_log('this is a complaint');
if (isset($_GET['fatal'])) {
    echo "half of it\n";
    no_such_function();
}
echo "done\n";
