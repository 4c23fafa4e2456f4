<?php
// Pages as a PHP site has them: slow, broken at will, personal, taking forms and files.
declare(strict_types=1);

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

function page(string $title, string $text): void
{
    $made = sprintf('%.6f', microtime(true));
    echo "<!doctype html>\n<title>$title</title>\n<h1>$title</h1>\n<p>$text</p>\n";
    echo str_repeat("<p>The same words again, so that compression has something to do.</p>\n", 200);
    echo "<footer>made $made</footer>\n";
}

if ($path === '/form' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    page('Thanks', htmlspecialchars($_POST['words'] ?? ''));
} elseif ($path === '/upload' && $_SERVER['REQUEST_METHOD'] === 'POST') {
    $file = $_FILES['file'];
    header('Content-Type: application/json');
    $sum = hash_file('sha256', $file['tmp_name']);
    echo json_encode(['bytes' => $file['size'], 'sha256' => $sum]);
} elseif ($path === '/account') {
    session_start();
    $_SESSION['visits'] = ($_SESSION['visits'] ?? 0) + 1;
    page('Account', 'visits ' . $_SESSION['visits']);
} elseif (preg_match('~^/page/[a-z0-9]+$~', $path)) {
    if (file_exists(getenv('E2E_BROKEN') ?: '/nonexistent')) {
        http_response_code(500);
        exit('broken');
    }
    usleep(200_000);
    page('Page', htmlspecialchars($path));
} else {
    http_response_code(404);
    page('Not found', htmlspecialchars($path));
}
