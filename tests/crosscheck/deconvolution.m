% Computes with Octave's own transforms and its package image what baselines.deconvolution computes: given.mat to found.mat.
pkg load image
load given.mat
[rows, columns] = size (I);

% The transfer function of a centred kernel: psf2otf.
padded = zeros (rows, columns);
padded(1:size (K, 1), 1:size (K, 2)) = K;
otf = fft2 (circshift (padded, -floor (size (K) / 2)));

% MATLAB's documentation of edgetaper: the weighted sum of the image and its blur, by the autocorrelation of the kernel.
function weight = border (projection, count)
  z = real (ifft (abs (fft (projection(:), count - 1)) .^ 2));
  weight = [z; z(1)] / max (z);
end
alpha = (1 - border (sum (K, 2), rows)) * (1 - border (sum (K, 1), columns))';
tapered = alpha .* I + (1 - alpha) .* real (ifft2 (fft2 (I) .* otf));
edgetaper = edgetaper (I, K);

% N / S as a multiple of the power of circular differences, by transforming the differences themselves.
power = abs (psf2otf ([1, -1], [rows, columns])) .^ 2 + abs (psf2otf ([1; -1], [rows, columns])) .^ 2;
wiener = deconvwnr (B, K, noise * power);

lucy = B;
for step = 1:iterations
  ratio = B ./ real (ifft2 (fft2 (lucy) .* otf));
  lucy = lucy .* real (ifft2 (fft2 (ratio) .* conj (otf)));
end

% Half-quadratic splitting where |w|^2 + beta / 2 (w - v)^2 is least at w = beta v / (2 + beta).
quadratic = B;
beta = 1;
while beta < 256
  shrunk = beta / (2 + beta) * fft2 (quadratic) .* power;
  gamma = beta / lambda;
  quadratic = real (ifft2 ((gamma * shrunk + conj (otf) .* fft2 (B)) ./ (abs (otf) .^ 2 + gamma * power)));
  beta *= 2 * sqrt (2);
end

save ("-v6", "found.mat", "tapered", "edgetaper", "wiener", "lucy", "quadratic");
