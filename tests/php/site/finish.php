<?php
// The answer is through before the script is.
echo "finished\n";
fastcgi_finish_request();
sleep(5);
